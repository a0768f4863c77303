import type { RequestListener, ServerResponse } from 'node:http'
import type { Announcement, Did } from '@akshi/core'
import { baseOf, interfacesAt } from './agent-card.ts'
import { isPublic } from './agent-definition.ts'
import type { AgentHost } from './agent-host.ts'
import { cardJson, localCard } from './card-rewrite.ts'
import type { HostedAgent } from './hosted-agent.ts'
import { loadSdk } from './sdk.ts'

export interface WellKnownOptions {
  readonly did: Did
  readonly name: string
  readonly version: string
  readonly host: AgentHost
  readonly agentDid: (name: string) => Did
  readonly announced: () => Announcement
  readonly baseUrl: () => string | undefined
}

/**
 * What a node says of itself to everybody who can reach its port: `agent-card.json`, `did.json` and `agents.md`. Of its agents only
 * those that are public are named, and to call them takes trust all the same.
 */
export function wellKnown (options: WellKnownOptions): Readonly<Record<string, RequestListener>> {
  const publicAgents = () => options.host.all().filter(({ definition }) => isPublic(definition))
  return {
    '/.well-known/agent-card.json': answerGet(async (version) => ['application/json', JSON.stringify(await nodeCard(options, publicAgents(), version))]),
    '/.well-known/did.json': answerGet(async () => ['application/did+json', JSON.stringify(didDocument(options, publicAgents()))]),
    '/.well-known/agents.md': answerGet(async () => ['text/markdown; charset=utf-8', agentsPage(options, publicAgents())])
  }
}

/** The card of the only public agent; of several, or none, a card of the node that has their skills and no interface. */
async function nodeCard ({ did, name, version, baseUrl }: WellKnownOptions, agents: readonly HostedAgent[], asked: string | undefined): Promise<object> {
  const origin = baseUrl() ?? ''
  const [only, ...others] = agents
  if (only !== undefined && others.length === 0) {
    const agent = only.definition.name
    return cardJson(await loadSdk(), localCard(only.card.card, baseOf(origin, did, agent), { node: did, agent, bytes: only.card.bytes }), asked)
  }
  return {
    name,
    description: `An Akshi mesh node with ${agents.length} public agents; its skills are theirs, named AGENT/SKILL, and each agent has a card of its own.`,
    version,
    supportedInterfaces: agents.flatMap(({ definition }) => interfacesAt(baseOf(origin, did, definition.name)).slice(0, 1)),
    capabilities: { streaming: true, pushNotifications: false },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: agents.flatMap(({ definition, card }) => card.card.skills.map(({ id, name, description, tags }) => ({ id: `${definition.name}/${id}`, name, description, tags })))
  }
}

/** https://www.w3.org/TR/did-1.0/, with the node key as Multikey. */
function didDocument ({ did, announced, agentDid }: WellKnownOptions, agents: readonly HostedAgent[]): object {
  const multibase = did.slice('did:key:'.length)
  const key = `${did}#${multibase}`
  const origins = announced().addresses.map(({ host, port }) => `https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [{ id: key, type: 'Multikey', controller: did, publicKeyMultibase: multibase }],
    authentication: [key],
    assertionMethod: [key],
    service: [
      ...origins.length > 0 ? [{ id: `${did}#mesh`, type: 'AkshiMeshNode', serviceEndpoint: origins }] : [],
      ...agents.map(({ definition: { name } }) => ({ id: `${did}#agent-${name}`, type: 'A2A', serviceEndpoint: origins.map((origin) => `${origin}/mesh/v1/a2a/${name}`), agent: agentDid(name) }))
    ]
  }
}

function agentsPage ({ did, name, baseUrl }: WellKnownOptions, agents: readonly HostedAgent[]): string {
  const lines = agents.flatMap(({ definition, card: { card } }) => [
    `## ${definition.name}`, '', plain(card.description), '',
    ...card.skills.map((skill) => `- \`${plain(skill.id)}\`: ${plain(skill.description)}`), '',
    `A2A, from a machine with a node of the mesh: \`${baseOf(baseUrl() ?? '', did, definition.name)}\``, ''
  ])
  return [`# Agents of ${plain(name)}`, '', `Node \`${did}\`.`, '', ...agents.length === 0 ? ['None is public.', ''] : lines].join('\n')
}

/** Text of others cannot make headings, links or code here. */
function plain (text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>#|]/g, (sign) => `\\${sign}`)
}

function answerGet (make: (version: string | undefined) => Promise<[type: string, body: string]>): RequestListener {
  return (request, response) => {
    const version = request.headers['a2a-version']
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'application/json', '{"error":"MESH_REQUEST_INVALID","detail":"Ask with GET."}')
    make(typeof version === 'string' ? version : undefined).then(([type, body]) => send(response, 200, type, body), () => send(response, 500, 'application/json', '{"error":"MESH_SEND_FAILED","detail":"This node failed to answer."}'))
  }
}

function send (response: ServerResponse, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text)
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).end(bytes)
}
