import type { Did, Digest, EnvelopeReceiver, FeedState, Identity, Link, Random, Receipt, SignedAnnouncement } from '@akshi/core'
import type { MemoryNetwork } from '../network/memory-network.ts'
import type { SharedFolder } from '../network/shared-folder.ts'
import { seededRandom } from '../seeded-random.ts'
import { makeHostileState, statesIn } from './hostile-changes.ts'
import { journalName } from './member.ts'
import type { Attack, StateAttack } from './plan.ts'

export interface MalloryOptions {
  readonly identity: Identity
  readonly announcement: SignedAnnouncement
  /** Two chains of valid envelopes that both begin with number 1. */
  readonly chains: readonly [readonly Uint8Array[], readonly Uint8Array[]]
  readonly network: MemoryNetwork
  /** Folders that it can write to. */
  readonly shared: readonly SharedFolder[]
  readonly seed: number
}

const floods = 40
const maxKept = 200

/** A malicious peer: has a key of its own, keeps what it gets, and sends and answers what it likes. */
export class Mallory implements EnvelopeReceiver {
  readonly did: Did
  readonly #options: MalloryOptions
  readonly #random: Random
  readonly #kept: Uint8Array[] = []
  #feeds: FeedState[] = []
  #lies = false

  constructor (options: MalloryOptions) {
    this.did = options.identity.did
    this.#options = options
    this.#random = seededRandom(options.seed)
    const { network, announcement } = options
    network.attach({ did: this.did, receiver: this, announcement: () => announcement })
    network.announce(this.did, [network.addressOf(this.did)])
  }

  /** Does its worst to a node. Returns at once; nothing comes of failures. */
  attack (how: Attack, node: Did, next: Did): void {
    const { chains: [one, two] } = this.#options
    switch (how) {
      case 'forge': return this.#push(node, [...one, ...this.#kept].slice(0, 20).map((bytes) => this.#spoil(bytes)))
      case 'replay': {
        this.#push(node, [...this.#kept, ...one, ...one])
        return this.#push(next, this.#kept)
      }
      case 'equivocate': {
        this.#push(node, one)
        return this.#push(next, two)
      }
      case 'flood': return this.#flood(node)
      case 'lie': {
        this.#lies = true
        return this.#push(node, one)
      }
      case 'squat': return this.#squat()
      case 'unfold': case 'impersonate': case 'jump': case 'poison': return this.#push(node, [...one, ...this.#hostileState(how)])
    }
  }

  admits (): boolean { return true }
  hint (): void {}

  /** Says that it has stored it all, and keeps some. */
  async receive (batch: readonly Uint8Array[]): Promise<Receipt> {
    this.#kept.push(...batch.slice(0, maxKept - this.#kept.length))
    return { verdicts: batch.map(() => ({ status: 'stored' as const })), have: [] }
  }

  /** Says that it has the same as who asks, or envelopes that there are not. */
  async digest ({ root, feeds = [] }: Digest): Promise<Digest> {
    this.#feeds = [...feeds]
    if (!this.#lies) return { root }
    const invented = this.#inventedFeeds()
    return { root: this.#random.bytes(32), feeds: invented }
  }

  async * serve (): AsyncGenerator<Uint8Array> {
    if (this.#lies) for (const bytes of this.#kept.slice(0, 5)) yield this.#spoil(bytes)
    else yield * this.#options.chains[0]
  }

  #inventedFeeds (): FeedState[] {
    const { identity: { did: origin } } = this.#options
    const tips = [{ seq: 1 + Math.floor(this.#random.uniform() * 1_000), id: this.#random.bytes(32) }]
    return [{ feed: { journal: journalName(), part: this.#random.uniform() < 0.5 ? 'log' : 'state', origin }, tips, heads: [this.#random.bytes(32)] }, ...this.#feeds]
  }

  #flood (node: Did): void {
    for (let count = 0; count < floods; count++) {
      this.#push(node, Array.from({ length: 10 }, () => this.#random.bytes(200)))
      this.#call(node, (link, signal) => link.digest({ root: this.#random.bytes(32) }, signal))
    }
  }

  /** Writes into folders what it has, and the same with a wrong bit. */
  #squat (): void {
    const items = [...this.#options.chains.flat(), ...this.#kept.slice(0, 20)].flatMap((bytes) => [bytes, this.#spoil(bytes)])
    for (const folder of this.#options.shared) for (const bytes of items) folder.squat(bytes)
  }

  #hostileState (how: StateAttack): Uint8Array[] {
    const { identity, chains: [one] } = this.#options
    const [own] = statesIn(one)
    return own === undefined ? [] : makeHostileState(how, identity, own, statesIn(this.#kept).slice(0, 4))
  }

  #spoil (bytes: Uint8Array): Uint8Array {
    const at = Math.floor(this.#random.uniform() * bytes.length)
    return bytes.map((byte, index) => index === at ? byte ^ (1 << Math.floor(this.#random.uniform() * 8)) : byte)
  }

  #push (to: Did, items: readonly Uint8Array[]): void {
    if (items.length > 0) this.#call(to, (link, signal) => link.push(items, signal))
  }

  #call (to: Did, task: (link: Link, signal: AbortSignal) => Promise<unknown>): void {
    task(this.#options.network.connect(this.did, to), new AbortController().signal).catch(() => {})
  }
}
