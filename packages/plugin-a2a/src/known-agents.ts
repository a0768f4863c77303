import { MeshError, type Announcement, type Did, type PeerBook } from '@akshi/core'
import { baseOf } from './agent-card.ts'
import { announcedAgents } from './announced-agents.ts'

/** An agent of this node or a trusted peer, as announced. */
export interface AgentView {
  readonly name: string
  readonly did?: Did
  readonly node: { readonly did: Did, readonly name: string }
  readonly skills: readonly string[]
  /** Where an A2A client on this machine finds it. */
  readonly url: string
}

export interface KnownAgentsOptions {
  readonly own: Did
  readonly name: string
  readonly peerBook: PeerBook
  readonly announced: () => Announcement
  readonly baseUrl: () => string | undefined
}

/** The agents that can be sent messages from here. */
export class KnownAgents {
  readonly #options: KnownAgentsOptions

  constructor (options: KnownAgentsOptions) {
    this.#options = options
  }

  /** Those with this skill, or all; this node's first. */
  list (skill?: string): readonly AgentView[] {
    const { own, name, peerBook, announced } = this.#options
    const peers = peerBook.all().filter(({ did, trust }) => trust === 'trusted' && did !== own)
    const nodes = [{ did: own, name, announcement: announced() }, ...peers]
    return nodes.flatMap((node) => this.#of(node)).filter(({ skills }) => skill === undefined || skills.includes(skill))
  }

  /**
   * The one agent that is meant by `agent` or `agent@node`, where a node goes by DID or name.
   *
   * @throws MeshError `MESH_PEER_UNKNOWN`, `MESH_PEER_AMBIGUOUS`.
   */
  find (to: string): { readonly agent: string, readonly node: Did } {
    const [agent = '', node] = splitAt(to)
    const found = node === undefined ? this.#ofAgent(agent) : this.#nodes(node)
    const [only, ...more] = found
    if (only === undefined) throw new MeshError('MESH_PEER_UNKNOWN', `No ${node === undefined ? `agent "${agent}" is announced` : `node "${node}" is known`} here. To see who is, run: akshi agents`)
    if (more.length > 0) throw new MeshError('MESH_PEER_AMBIGUOUS', `"${to}" may be at ${found.join(' or ')}. Say which: ${agent}@DID`)
    return { agent, node: only }
  }

  #ofAgent (agent: string): readonly Did[] {
    const found = this.list().filter(({ name }) => name === agent).map(({ node }) => node.did)
    return found.includes(this.#options.own) ? [this.#options.own] : found
  }

  #nodes (node: string): readonly Did[] {
    const { own, name, peerBook } = this.#options
    const all = [{ did: own, name }, ...peerBook.all().filter(({ did }) => did !== own)]
    return all.filter((each) => each.did === node || each.name === node).map(({ did }) => did)
  }

  #of ({ did, name, announcement }: { readonly did: Did, readonly name: string, readonly announcement?: Announcement }): AgentView[] {
    return announcedAgents(announcement).map((agent) => ({
      name: agent.name, ...agent.did !== undefined && { did: agent.did }, node: { did, name }, skills: agent.skills, url: baseOf(this.#options.baseUrl() ?? '', did, agent.name)
    }))
  }
}

function splitAt (to: string): [string, string | undefined] {
  const at = to.indexOf('@')
  return at < 0 ? [to, undefined] : [to.slice(0, at), to.slice(at + 1)]
}
