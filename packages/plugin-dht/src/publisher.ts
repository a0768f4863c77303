import type { Clock, Identity, Logger, Random, SignedAnnouncement } from '@akshi/core'
import { Calls } from './calls.ts'
import { signRecord, type SignedRecord } from './dht-record.ts'
import type { KadNode } from './kad-node.ts'
import type { MeshSeal } from './mesh-seal.ts'
import type { Rendezvous } from './rendezvous.ts'
import { Repeater } from './repeater.ts'

export interface PublisherOptions {
  readonly kad: KadNode
  readonly identity: Identity
  readonly seal: MeshSeal
  readonly rendezvous: Rendezvous
  /** How many members this node knows of. */
  readonly memberCount: () => number
  /** Time to say goodbye in; 0: it is not said. */
  readonly farewellMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const lifetimeMs = 3_600_000
const everyMs = 600_000
/** Shortly after a start the routing table knows more nodes that are near. */
const secondMs = 30_000
const retryMs = 2_000
const maxRetryMs = 60_000
const callMs = 10_000

/** Keeps this node findable: its record at those nearest to its DID, and its DID under the keys of its mesh. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #work: Repeater
  #content: SignedAnnouncement | undefined
  #record: SignedRecord | undefined
  #seq = 0
  #rounds = 0
  #failures = 0
  #keys: readonly Uint8Array[] = []
  #copies = 0
  #publishedAt: number | undefined

  constructor (options: PublisherOptions) {
    this.#options = options
    this.#work = new Repeater({ ...options, name: 'publishing this node', task: () => this.#publish() })
  }

  /** What this node shows of itself; nothing before `announce`. Empty while it has nothing to show. */
  get record (): Uint8Array { return this.#record?.bytes ?? new Uint8Array() }
  /** Nodes that took the record the last time, besides this one. */
  get copies (): number { return this.#copies }
  /** Milliseconds since the Unix epoch. */
  get publishedAt (): number | undefined { return this.#publishedAt }

  /** Publishes an announcement from now on. Returns whether it says anything new. Throws `MESH_ENVELOPE_INVALID` when it is too large. */
  announce (signed: SignedAnnouncement): boolean {
    const isNew = this.#content === undefined || meaningOf(signed) !== meaningOf(this.#content)
    this.#record = this.#signed(signed)
    this.#content = signed
    this.again()
    return isNew
  }

  /** Publishes once more, now, and a little later: the nodes around may have changed. */
  again (): void {
    this.#rounds = 0
    this.#work.ring()
  }

  /** Resolves when nothing is published any more. */
  stop (): Promise<void> {
    return this.#work.stop()
  }

  /** Says that this node has left, where that can be said in a moment. */
  async farewell (): Promise<void> {
    const { kad, clock, farewellMs } = this.#options
    if (this.#publishedAt === undefined || kad.size === 0 || farewellMs === 0) return
    for (const key of this.#keys) await kad.queries.withdraw(key).catch(() => {})
    await kad.queries.put(this.#signed(undefined).bytes, farewellMs, new Calls(clock)).catch(() => {})
  }

  async #publish (): Promise<number> {
    const { kad, random, clock } = this.#options
    if (this.#content === undefined || kad.size === 0) return everyMs               // who joins or announces rings
    this.#record = this.#signed(this.#content)
    const listings = await this.#list()
    this.#copies = await kad.queries.put(this.record, callMs).catch(() => 0)
    if (this.#copies > 0) this.#publishedAt = clock.now()
    if (this.#copies === 0 || listings === 0) return Math.min(maxRetryMs, retryMs * 2 ** this.#failures++)
    this.#failures = 0
    return (this.#rounds++ === 0 ? secondMs : everyMs) * (0.75 + 0.5 * random.uniform())
  }

  /** Resolves to how many noted that. */
  async #list (): Promise<number> {
    const { kad, identity: { did }, rendezvous, memberCount } = this.#options
    const before = this.#keys
    this.#keys = rendezvous.keysToProvide(did, memberCount())
    for (const key of before.filter((old) => !this.#keys.some((each) => Buffer.compare(each, old) === 0))) await kad.queries.withdraw(key)
    const counts = await Promise.all(this.#keys.map((key) => kad.queries.provide(key, callMs).catch(() => 0)))
    return Math.max(0, ...counts)
  }

  /** A record with this announcement, or one that says that the node has left. */
  #signed (signed: SignedAnnouncement | undefined): SignedRecord {
    const { identity, clock, seal } = this.#options
    const issuedAt = Math.floor(clock.now())
    this.#seq = Math.max(issuedAt, this.#seq + 1)
    const content = signed === undefined ? new Uint8Array() : seal.close(identity.did, signed.bytes)
    return signRecord(identity, { seq: this.#seq, issuedAt, expiresAt: issuedAt + lifetimeMs, content })
  }
}

/** What an announcement says, apart from when. */
function meaningOf ({ announcement }: SignedAnnouncement): string {
  const { seq: _seq, issuedAt: _issuedAt, expiresAt: _expiresAt, ...rest } = announcement
  return JSON.stringify(rest, (_key, value: unknown) => value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)
}
