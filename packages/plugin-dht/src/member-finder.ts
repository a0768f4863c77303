import { describeError, MeshError, type Address, type Clock, type Did, type Logger, type PeerCandidate, type Random, type SignedAnnouncement } from '@akshi/core'
import type { AddressPolicy } from './address-policy.ts'
import type { DhtRecord } from './dht-record.ts'
import type { KadNode } from './kad-node.ts'
import { MemberList, type KnownMember, type Member } from './member-list.ts'
import type { MeshSeal } from './mesh-seal.ts'
import type { Rendezvous } from './rendezvous.ts'
import { Repeater } from './repeater.ts'
import type { Resolver } from './resolver.ts'

export interface MemberFinderOptions {
  readonly kad: KadNode
  readonly resolver: Resolver
  readonly seal: MeshSeal
  readonly rendezvous: Rendezvous
  readonly policy: AddressPolicy
  /** This node's own record, to show to others. */
  readonly own: () => Uint8Array
  readonly report: (candidate: PeerCandidate) => void
  /** Longest time between two searches. */
  readonly maxIntervalMs: number
  /** Time until a member is asked again what it publishes. */
  readonly refreshMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const firstWaitMs = 1_000
/** A node announces itself right after its start. */
const graceMs = 300
const maxAsking = 8
const maxNeighbours = 4
const searchMs = 5_000
const retryMs = 1_000

/**
 * Finds the members of this mesh: who is listed under its keys is asked for its record, by a dial or, where that fails, of the DHT. A
 * listing proves nothing, so nodes whose record is not of this mesh are left out. Two that greet each other know each other.
 */
export class MemberFinder {
  readonly #options: MemberFinderOptions
  readonly #work: Repeater
  readonly #members: MemberList
  readonly #asking = new Set<Promise<void>>()
  #waitMs = firstWaitMs
  #rounds = 0
  /** Rises when this node has something new to show. */
  #edition = 0

  constructor (options: MemberFinderOptions) {
    this.#options = options
    this.#members = new MemberList(options.clock)
    this.#work = new Repeater({ ...options, name: 'looking for members', task: () => this.#search() })
  }

  /** Those whose announcement is known, and those that are listed. */
  get members (): readonly Member[] {
    return this.#members.views
  }

  get count (): number { return this.#members.count }

  /** Searches now, and often at first. */
  again (): void {
    this.#waitMs = firstWaitMs
    this.#work.ring()
  }

  /** What this node publishes has changed, or is there at last: all are to hear of it soon. */
  tell ({ isFirst }: { readonly isFirst: boolean }): void {
    this.#edition++
    for (const member of this.#members.all) if (member.askAt < Infinity && (member.failures === 0 || isFirst)) member.askAt = 0
    this.again()
  }

  /** A node has shown its record. Returns what it gets: this node's, if it is a member. */
  greeted (from: Did, bytes: Uint8Array): Uint8Array {
    const { resolver, own } = this.#options
    try {
      const record = resolver.take(from, bytes)
      if (this.read(record) === undefined) return new Uint8Array()
      const member = this.#members.of(from)
      this.#note(member, record, 'itself')
      member.failures = 0
      if (member.askAt < Infinity) member.askAt = this.#options.clock.monotonic() + this.#options.refreshMs
      return own()
    } catch {
      return new Uint8Array()                                                       // no member, so it gets nothing
    }
  }

  /** What a record says of a node, if it is a member of this mesh that has not left. */
  read ({ did, content }: DhtRecord): SignedAnnouncement | undefined {
    return content.length === 0 ? undefined : this.#options.seal.open(did, content, this.#options.clock.now())
  }

  async stop (): Promise<void> {
    await this.#work.stop()
    await Promise.all(this.#asking)
  }

  async #search (): Promise<number> {
    const { kad, rendezvous, random, maxIntervalMs } = this.#options
    if (kad.size === 0) return maxIntervalMs                                        // who joins rings
    if (this.#options.own().length === 0 && this.#rounds++ === 0) return graceMs    // members tell more to who has something to show
    const waitMs = Math.min(this.#waitMs, maxIntervalMs)
    this.#waitMs = waitMs * 2
    for (const member of this.#members.all) this.#look(member)
    if (waitMs === firstWaitMs) for (const did of kad.neighbours(maxNeighbours)) this.#meet(did)
    await Promise.all(rendezvous.keysToAsk(this.count).map((key) => kad.queries.providers(key, searchMs, (did) => this.#listed(did)).catch((error: unknown) => this.#failed(error))))
    this.#members.forget()
    return waitMs * (0.9 + 0.2 * random.uniform())
  }

  /** Those that it has joined through are often members: greeted at once they are met before anybody could be looked up. */
  #meet (did: Did): void {
    if (this.#members.has(did)) return
    const { kad, resolver, own } = this.#options
    const meeting = (async () => {
      const answer = await kad.greet(did, own())
      const record = answer.length === 0 ? undefined : resolver.take(did, answer)
      if (record !== undefined && this.read(record) !== undefined) this.#note(this.#members.of(did), record, 'itself')
    })().catch(() => {}).finally(() => this.#asking.delete(meeting))                // who does not answer, or is of another mesh, is nobody that was listed
    this.#asking.add(meeting)
  }

  #failed (error: unknown): void {
    this.#options.logger.debug('a search for members ended early', { error: describeError(error) })
  }

  #listed (did: Did): void {
    const isNew = !this.#members.has(did)
    const member = this.#members.of(did)
    member.listedAt = this.#options.clock.monotonic()
    if (isNew) this.#look(member)
  }

  /** Reports it once more, and asks it when it is due and there is room. */
  #look (member: KnownMember): void {
    const { clock } = this.#options
    this.#report(member)
    if (member.askAt > clock.monotonic() || this.#asking.size >= maxAsking) return
    member.askAt = Infinity
    const asking = this.#ask(member).finally(() => {
      this.#asking.delete(asking)
      this.#askNext()
    })
    this.#asking.add(asking)
  }

  #askNext (): void {
    const { due } = this.#members
    const next = due[Math.floor(this.#options.random.uniform() * due.length)]                     // so that no crowd holds up the rest
    if (next !== undefined && !this.#work.isStopped) this.#look(next)
  }

  async #ask (member: KnownMember): Promise<void> {
    const { clock, refreshMs } = this.#options
    const edition = this.#edition
    try {
      await this.#greet(member)
      member.failures = 0
    } catch (error) {
      member.error = describeError(error)
      member.failures++
      await this.#askDht(member)
    }
    const waitMs = member.failures === 0 ? refreshMs : Math.min(refreshMs, retryMs * 2 ** Math.min(member.failures, 10))
    member.askAt = edition !== this.#edition ? 0 : clock.monotonic() + waitMs * (0.9 + 0.2 * this.#options.random.uniform())
  }

  async #greet (member: KnownMember): Promise<void> {
    const { kad, resolver, own } = this.#options
    const mine = own()
    const answer = mine.length === 0 ? mine : await kad.greet(member.did, mine)
    if (answer.length === 0) throw new MeshError('MESH_NOT_TRUSTED', mine.length === 0 ? 'this node has nothing to show yet' : 'it takes this node for none of its mesh')
    this.#note(member, resolver.take(member.did, answer), 'itself')
  }

  async #askDht (member: KnownMember): Promise<void> {
    const record = await this.#options.resolver.resolve(member.did).catch(() => undefined)
    if (record !== undefined) this.#note(member, record, 'DHT')
  }

  /** Notes what a member publishes: nothing, once it has left. */
  #note (member: KnownMember, record: DhtRecord, source: 'itself' | 'DHT'): void {
    const announcement = this.read(record)
    Object.assign(member, { announcement, source, seenAt: this.#options.clock.now() })
    if (source === 'itself') member.error = undefined
    if (record.content.length === 0) member.error = 'it has left'
    this.#report(member)
  }

  #report ({ did, announcement: signed }: KnownMember): void {
    const { policy, clock, report } = this.#options
    if (signed === undefined || signed.announcement.expiresAt <= clock.now()) return
    report({ did, addresses: signed.announcement.addresses.filter((address: Address) => policy.allows(address)), announcement: signed.bytes })
  }
}
