import { FaultyDisk, type VirtualClock } from '@akshi/testkit'
import { HookBoard } from '../../../packages/core/src/hooks.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import type { Identity } from '../../../packages/core/src/identity.ts'
import type { Journal } from '../../../packages/core/src/journal/journal.ts'
import type { Journals } from '../../../packages/core/src/journal/journals.ts'
import { silentLogger } from '../../../packages/core/src/logger.ts'
import { Notices } from '../../../packages/core/src/notices.ts'
import type { Random } from '../../../packages/core/src/random.ts'
import type { Convergence } from '../../../packages/core/src/control.ts'
import { describeConvergence } from '../../../packages/core/src/sync/convergence.ts'
import { Inbox } from '../../../packages/core/src/sync/inbox.ts'
import { LinkSession } from '../../../packages/core/src/sync/link-session.ts'
import { Receiver } from '../../../packages/core/src/sync/receiver.ts'
import { Recovery } from '../../../packages/core/src/sync/recovery.ts'
import { SendGate } from '../../../packages/core/src/sync/send-gate.ts'
import { Sharing } from '../../../packages/core/src/sync/sharing.ts'
import type { Link, LinkSource } from '../../../packages/core/src/transport.ts'
import { meshId, openShelf, type Shelf } from './journal-shelf.ts'

export const journalName = 'notes'
const never = new AbortController().signal

export interface LifeOptions {
  readonly clock: VirtualClock
  readonly random: Random
  readonly maxEnvelopes: number
  readonly batchSize: number
  readonly newestFirst: boolean
}

/** A home and the node that runs on it, from one start to the next. */
export class MeshLife {
  readonly identity: Identity
  readonly trusted: Set<Did>
  disk: FaultyDisk
  shelf!: Shelf
  receiver!: Receiver
  journal!: Journal
  readonly #options: LifeOptions
  #sessions = new Map<MeshLife, LinkSession>()
  #inbox!: Inbox
  #notices!: Notices
  #sharing!: Sharing
  #recovery!: Recovery

  private constructor (identity: Identity, trusted: Iterable<Did>, disk: FaultyDisk, options: LifeOptions) {
    this.identity = identity
    this.trusted = new Set(trusted)
    this.disk = disk
    this.#options = options
  }

  static async start (identity: Identity, trusted: Iterable<Did>, options: LifeOptions, disk = new FaultyDisk()): Promise<MeshLife> {
    const life = new MeshLife(identity, trusted, disk, options)
    await life.restart(disk)
    return life
  }

  get did (): Did { return this.identity.did }
  get source (): LinkSource { return { kind: 'peer', did: this.did } }
  get journals (): Journals { return this.shelf.journals }

  /** Starts a node on a disk, with nothing in its memory. */
  async restart (disk: FaultyDisk): Promise<void> {
    const { clock, random, maxEnvelopes } = this.#options
    this.disk = disk
    this.#sessions = new Map()
    this.#recovery = new Recovery(clock)
    if (this.trusted.size > 0) this.#recovery.ask()
    const recovery = this.#recovery
    this.shelf = await openShelf({ disk, identity: this.identity, clock, random, admits: (did) => this.admits(did), mayWrite: (journals, id) => recovery.mayWrite((journals.feed(id)?.state.tips.length ?? 0) === 0) })
    const { journals, damages } = this.shelf
    if (damages.length > 0) recovery.need()
    this.#sharing = new Sharing(this.did, { trusts: (did) => this.trusted.has(did), operatorNameOf: () => undefined }, [])
    this.#notices = new Notices(clock, silentLogger)
    this.#inbox = new Inbox({ meshId, journals, sharing: this.#sharing, notices: this.#notices, knowsOf: () => false, announced: () => {} })
    this.receiver = new Receiver({
      journals,
      sharing: this.#sharing,
      inbox: this.#inbox,
      gate: new SendGate(new HookBoard(silentLogger).hooks, clock),
      maxEnvelopes,
      contact: (from, { shown = [], root }) => {
        for (const [other, session] of this.#sessions) {
          if (from.kind !== 'peer' || other.did !== from.did) continue
          session.note(shown)
          if (root !== undefined) session.noteRoot(root)
        }
      },
      hint: () => {}
    })
    this.journal = await journals.get(journalName)
    for (const did of this.trusted) await journals.unpark(did)
  }

  /** Ends the process: nothing that it still wanted to do happens. */
  async kill (): Promise<void> {
    this.disk.crashAt(0)
    await this.journals.close().catch(() => {})
  }

  admits (origin: Did): boolean {
    return origin === this.did || this.trusted.has(origin)
  }

  async trust (did: Did): Promise<void> {
    this.trusted.add(did)
    await this.journals.unpark(did)
  }

  /** What it says of its convergence with another home. */
  tell (other: MeshLife): Convergence {
    const { did: own, journals } = this
    const peer = { did: other.did, name: 'the other', trust: 'trusted' as const, trustReason: '', sources: [], addresses: [] }
    const link = { session: this.#sessionWith(other), status: { transport: 'memory', state: 'up' as const, reason: '', since: '' } }
    const { clock } = this.#options
    return describeConvergence({ own, journals, sharing: this.#sharing, peers: [peer], linkTo: () => link, shared: new Map(), notices: this.#notices, nameOf: (did) => did, clock })
  }

  /** What it knows of another home: one of two homes of a node need not have what the other has. */
  #sessionWith (other: MeshLife): LinkSession {
    const known = this.#sessions.get(other)
    if (known !== undefined) return known
    const { did } = other
    const { clock, maxEnvelopes, batchSize, newestFirst } = this.#options
    const session = new LinkSession({
      source: { kind: 'peer', did },
      journals: this.journals,
      inbox: this.#inbox,
      gate: new SendGate(new HookBoard(silentLogger).hooks, clock),
      batchSize,
      maxEnvelopes,
      newestFirst,
      clock,
      shares: (journal) => this.#sharing.shares(journal, did),
      admits: (origin) => this.#sharing.admits(origin)
    })
    this.#sessions.set(other, session)
    return session
  }

  /** One round of a link, as the loop does it. */
  async round (other: MeshLife, link: Link, { asks = true, pulls = true, pushes = true }: { asks?: boolean, pulls?: boolean, pushes?: boolean } = {}): Promise<void> {
    const session = this.#sessionWith(other)
    if (asks) await session.exchange(link, never)
    if (pulls) await session.pull(link, never)
    if (pushes) while (await session.push(link, never)) continue
    if (asks && pulls) this.#recovery.done()
  }
}
