import type { Did } from '../did.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import type { LinkSource } from '../transport.ts'

/** An entry of `[[agents]]`: who gets the journal of this agent. Without `share`, every trusted peer. */
export interface AgentSharing {
  readonly name: string
  /** DIDs, or names that the operator gave: no peer gets a journal by calling itself so. */
  readonly share?: readonly string[]
}

/** Decides which journals a node gets, and from whom one is taken. */
export class Sharing {
  readonly #own: Did
  readonly #peers: Pick<KnownPeers, 'trusts' | 'operatorNameOf'>
  readonly #shares: ReadonlyMap<string, readonly string[] | undefined>

  constructor (own: Did, peers: Pick<KnownPeers, 'trusts' | 'operatorNameOf'>, agents: readonly AgentSharing[]) {
    this.#own = own
    this.#peers = peers
    this.#shares = new Map(agents.map(({ name, share }) => [name, share]))
  }

  /** True when this DID may use mesh routes: the node itself and trusted peers. */
  admits (did: Did): boolean {
    return did === this.#own || this.#peers.trusts(did)
  }

  /** True when a node may read and write a journal. */
  shares (journal: string, did: Did): boolean {
    if (did === this.#own) return true
    if (!this.#peers.trusts(did)) return false
    const share = this.#shares.get(journal)
    return share === undefined || share.includes(did) || share.includes(this.#peers.operatorNameOf(did) ?? '')
  }

  /** True when a journal may go to, and come from, the other end of a link. */
  sharesOver (journal: string, end: LinkSource): boolean {
    return end.kind === 'peer' ? this.shares(journal, end.did) : this.isPublic(journal)
  }

  /** True when everybody who can read a shared folder may read the journal. */
  isPublic (journal: string): boolean {
    return this.#shares.get(journal) === undefined
  }
}
