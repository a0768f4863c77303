import type { AgentCard } from '@a2a-js/sdk'
import type { Did } from '@akshi/core'
import { hashCard, isSignedBy } from './agent-card.ts'
import { interfacesAt } from './agent-card.ts'
import type { AnnouncedAgent } from './announced-agents.ts'
import { Refusal } from './refusal.ts'
import type { Sdk } from './sdk.ts'

const originUri = 'https://akshi.dev/a2a/ext/mesh-origin/v1'

/**
 * A card that a node has given, if it is the one that the node announces; where its announcement has no room for the agent, if the
 * node has signed it.
 *
 * @throws Refusal 502 for a card that is neither.
 */
export async function verifyCard (sdk: Sdk, bytes: Uint8Array, node: Did, agent: string, announced: AnnouncedAgent | undefined): Promise<AgentCard> {
  const card = parseCard(sdk, bytes)
  const genuine = announced?.cardHash === undefined
    ? card !== undefined && await isSignedBy(sdk, card, node, agent)
    : Buffer.compare(hashCard(bytes), announced.cardHash) === 0
  if (card !== undefined && genuine) return card
  throw new Refusal(502, 'UNAVAILABLE', `The card of agent "${agent}" is not the one that its node ${node} announces. If it has just changed, try again.`, { reason: 'CARD_NOT_GENUINE', retryAfterSecs: 5 })
}

/**
 * The card as clients of this node's gateway need it: interfaces here, the token of the local API as security, no push notifications
 * (they would come from the wrong node), and where it is from. The signature goes, as it does not hold for this any more.
 */
export function localCard (card: AgentCard, base: string, from: { readonly node: Did, readonly agent: string, readonly bytes: Uint8Array }): AgentCard {
  const origin = { uri: originUri, description: 'The node and agent behind this gateway', required: false, params: { node: from.node, agent: from.agent, cardSha256: Buffer.from(hashCard(from.bytes)).toString('hex') } }
  return {
    ...card,
    supportedInterfaces: interfacesAt(base),
    capabilities: { ...card.capabilities, pushNotifications: false, extendedAgentCard: false, extensions: [...card.capabilities?.extensions ?? [], origin] },
    securitySchemes: { akshi: { scheme: { $case: 'httpAuthSecurityScheme', value: { description: 'The token of the local API: akshi token', scheme: 'Bearer', bearerFormat: '' } } } },
    securityRequirements: [{ schemes: { akshi: { list: [] } } }],
    signatures: []
  }
}

/** As JSON for a client of this A2A version; one that names none, or 0.3, gets the fields of 0.3 too. */
export function cardJson (sdk: Sdk, card: AgentCard, version: string | undefined): object {
  const json = sdk.base.AgentCard.toJSON(card) as Record<string, unknown>
  if (version !== undefined && !version.startsWith('0.')) return json
  const [rpc, rest] = card.supportedInterfaces
  return {
    ...json,
    protocolVersion: '0.3.0',
    url: rpc?.url,
    preferredTransport: 'JSONRPC',
    additionalInterfaces: [{ url: rpc?.url, transport: 'JSONRPC' }, { url: rest?.url, transport: 'HTTP+JSON' }],
    capabilities: { ...json['capabilities'] as object, streaming: true, pushNotifications: false },
    securitySchemes: { akshi: { type: 'http', scheme: 'bearer', description: 'The token of the local API: akshi token' } },
    security: [{ akshi: [] }],
    securityRequirements: undefined
  }
}

function parseCard (sdk: Sdk, bytes: Uint8Array): AgentCard | undefined {
  try {
    return sdk.base.AgentCard.fromJSON(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    return undefined
  }
}
