import { createHash } from 'node:crypto'
import type { Did } from '../did.ts'

/**
 * Chooses the peers to which a node pushes news as it comes: all while they are few, else `fanout` of them. The choice is the
 * node's own and stable (rendezvous hashing, Thaler and Ravishankar 1998): when a peer comes or goes, at most one other changes
 * places with it. One of them is the next on the ring of all DIDs by their hash, so that where all know each other news
 * reaches all, whatever else is chosen.
 */
export class FanOut {
  readonly #own: Did
  readonly #fanout: number
  readonly #weights = new Map<Did, { readonly weight: string, readonly place: string }>()
  readonly #place: string

  constructor (own: Did, fanout: number) {
    this.#own = own
    this.#fanout = fanout
    this.#place = hash(own)
  }

  /** The chosen ones of these peers. */
  choose (peers: readonly Did[]): ReadonlySet<Did> {
    if (peers.length <= this.#fanout) return new Set(peers)
    const next = this.#nextOf(peers)
    const others = this.rank(peers.filter((did) => did !== next))
    return new Set([...next === undefined ? [] : [next], ...others].slice(0, this.#fanout))
  }

  /** These peers in an order that is the node's own, so that not all nodes turn to the same ones first. */
  rank (peers: readonly Did[]): readonly Did[] {
    return [...peers].sort((a, b) => this.#of(a).weight < this.#of(b).weight ? 1 : -1)
  }

  /** The one with the lowest place above this node's, else the lowest of all. */
  #nextOf (peers: readonly Did[]): Did | undefined {
    const above = peers.filter((did) => this.#of(did).place > this.#place)
    return (above.length > 0 ? above : peers).reduce<Did | undefined>((least, did) => least === undefined || this.#of(did).place < this.#of(least).place ? did : least, undefined)
  }

  #of (did: Did): { readonly weight: string, readonly place: string } {
    const known = this.#weights.get(did)
    if (known !== undefined) return known
    const made = { weight: hash(`${this.#own} ${did}`), place: hash(did) }
    this.#weights.set(did, made)
    return made
  }
}

function hash (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
