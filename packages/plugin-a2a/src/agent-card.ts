import { createHash } from 'node:crypto'
import type { AgentCard, AgentInterface } from '@a2a-js/sdk'
import { keyObjectFromDid, type Did, type Identity } from '@akshi/core'
import type { AgentCardPart } from './agent-definition.ts'
import type { Sdk } from './sdk.ts'

/** A card as it goes over the mesh: signed by its node, as bytes that have the hash which the node announces. */
export interface SignedCard {
  readonly card: AgentCard
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** Cards name their agent where every node has it at its default port; gateways put their own address in its place. */
const anyNode = 'http://127.0.0.1:3210'

/** The card of an agent of this node, signed with the node key (JWS, alg EdDSA, kid = the node's DID with its key). */
export async function signCard (sdk: Sdk, identity: Identity, name: string, version: string, part: AgentCardPart): Promise<SignedCard> {
  const card: AgentCard = {
    name,
    description: `The agent ${name} of an Akshi mesh`,
    version,
    provider: undefined,
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    ...part,
    supportedInterfaces: interfacesAt(baseOf(anyNode, identity.did, name)),
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    signatures: []
  }
  const sign = sdk.base.generateAgentCardSignature(identity.privateKey, { alg: 'EdDSA', kid: keyId(identity.did), typ: 'JOSE' })
  const signed = await sign(card)
  const bytes = Buffer.from(JSON.stringify(sdk.base.AgentCard.toJSON(signed)))
  return { card: signed, bytes, hash: hashCard(bytes) }
}

/** True when a node has signed this card, for an agent of this name. */
export async function isSignedBy (sdk: Sdk, card: AgentCard, did: Did, name: string): Promise<boolean> {
  if (card.name !== name) return false
  const verify = sdk.base.verifyAgentCardSignature(async () => keyObjectFromDid(did))
  return await verify(card).then(() => true, () => false)
}

export function hashCard (bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

/** Where an agent is at a node: with a slash at its end, which clients need. */
export function baseOf (origin: string, did: Did, agent: string): string {
  return `${origin}/a2a/${did}/${agent}/`
}

export function interfacesAt (base: string): AgentInterface[] {
  return ['1.0', '0.3'].flatMap((protocolVersion) => [
    { url: `${base}rpc`, protocolBinding: 'JSONRPC', protocolVersion, tenant: '' },
    { url: `${base}rest`, protocolBinding: 'HTTP+JSON', protocolVersion, tenant: '' }
  ])
}

function keyId (did: Did): string {
  return `${did}#${did.slice('did:key:'.length)}`
}
