import type { Did } from '../did.ts'
import type { FeedId, Tip, Verdict } from '../transport.ts'
import { bytesOf, envelopeOf, type Arrival, type Feed } from './feed.ts'
import type { JournalContext } from './journal-context.ts'
import type { LogFeed } from './log/log-feed.ts'
import type { Logs } from './logs.ts'
import type { Parking } from './parking.ts'
import { hexOf } from './state/hex.ts'
import type { JournalState } from './state/journal-state.ts'

/** What arrives for a journal goes into its logs and its state, and what cannot be used yet is parked. */
export interface Places {
  readonly logs: Logs
  readonly state: JournalState
  readonly parking: Parking
}

/** Takes in what arrives for a journal: parks what cannot be used yet, and tries it again when it may. */
export class Arrivals {
  readonly #journal: string
  readonly #context: JournalContext
  readonly #logs: Logs
  readonly #state: JournalState
  readonly #parking: Parking

  constructor (journal: string, context: JournalContext, { logs, state, parking }: Places) {
    this.#journal = journal
    this.#context = context
    this.#logs = logs
    this.#state = state
    this.#parking = parking
  }

  /** As `Journal.accept`. */
  async accept (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(arrivals.length)
    for (const [group, indexes] of groupsOf(arrivals)) {
      const batch = indexes.map((index) => arrivals[index] as Arrival)
      const results = group === 'state' ? await this.#acceptState(batch) : await this.#acceptLog(group, batch)
      indexes.forEach((index, at) => { verdicts[index] = results[at] as Verdict })
    }
    return verdicts
  }

  /** As `Journal.park`. */
  async park (arrivals: readonly Arrival[]): Promise<void> {
    for (const arrival of arrivals) await this.#parking.park(arrival, bytesOf(arrival), 'trust')
    if (arrivals.some((arrival) => envelopeOf(arrival).header.part === 'state')) await this.#retryState()
  }

  /** As `Journal.unpark`. */
  async unpark (origin: Did): Promise<void> {
    for (const part of ['log', 'state'] as const) {
      const parked = this.#parking.of({ journal: this.#journal, part, origin })
      if (parked.length > 0) await this.accept(parked.map(({ arrival }) => arrival))
    }
  }

  /** As `Journal.seeksVouched`. */
  get seeksVouched (): boolean {
    return this.#state.isWaiting || this.#waiting().length > 0
  }

  /** As `Journal.parkedPoints`; `known` is what is here of the feed. */
  parkedPoints (id: FeedId, known: Feed | undefined): readonly Tip[] {
    const points = new Map<string, Tip>()
    for (const { arrival } of this.#parking.of(id)) {
      const { id, header: { seq, prev } } = envelopeOf(arrival)
      if (prev === undefined || points.has(hexOf(prev)) || known?.knows({ seq: seq - 1, id: prev }) === true) points.set(hexOf(id), { seq, id })
    }
    return [...points.values()].reverse()
  }

  async #acceptLog (origin: Did, arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const log = await this.#logs.of(origin)
    const before = log.state
    const verdicts = await log.accept(arrivals)
    await this.#settle(arrivals, verdicts)
    if (log.state !== before) await this.#grew(log)
    return verdicts
  }

  async #acceptState (arrivals: readonly Arrival[]): Promise<Verdict[]> {
    const verdicts = await this.#state.accept(arrivals)
    await this.#settle(arrivals, verdicts)
    const origins = new Set(arrivals.filter((_, index) => verdicts[index]?.status === 'stored').map((arrival) => envelopeOf(arrival).origin))
    for (const feed of this.#state.feeds) if (origins.has(feed.id.origin)) this.#context.changed(feed)
    if (origins.size > 0) await this.#retryState()
    return verdicts
  }

  /** Parks what met a gap, and takes out of the parking lot what is stored now. */
  async #settle (arrivals: readonly Arrival[], verdicts: readonly Verdict[]): Promise<void> {
    const done: Uint8Array[] = []
    for (const [index, arrival] of arrivals.entries()) {
      const { status } = verdicts[index] as Verdict
      if (status === 'gap') await this.#parking.park(arrival, bytesOf(arrival), 'before')
      else if (status !== 'failed') done.push(envelopeOf(arrival).id)
    }
    await this.#parking.remove(done)
  }

  async #grew (log: LogFeed): Promise<void> {
    await this.#logs.see(log)
    this.#context.changed(log)
    const parked = this.#parking.of(log.id)
    const next = Math.max(...log.state.tips.map(({ seq }) => seq)) + 1
    if ((parked[0]?.seq ?? Infinity) <= next) await this.#acceptLog(log.id.origin, parked.map(({ arrival }) => arrival))
  }

  /** Origins, admitted now, of parked state changes that miss something. */
  #waiting (): Did[] {
    return this.#parking.summary.filter(({ part, why, origin }) => part === 'state' && why === 'before' && this.#context.admits(origin)).map(({ origin }) => origin)
  }

  /** Tries again what waits for a change of any origin. */
  async #retryState (): Promise<void> {
    const waiting = this.#waiting().flatMap((origin) => this.#parking.of({ journal: this.#journal, part: 'state', origin }))
    if (waiting.length > 0) await this.accept(waiting.map(({ arrival }) => arrival))
    if (this.#state.isWaiting && await this.#state.retry()) for (const feed of this.#state.feeds) this.#context.changed(feed)
  }
}

/** Places in a batch by what they are taken in with: logs are independent of each other; all of the state is one. */
function groupsOf (arrivals: readonly Arrival[]): ReadonlyMap<Did | 'state', number[]> {
  const groups = new Map<Did | 'state', number[]>()
  for (const [index, arrival] of arrivals.entries()) {
    const { header: { part }, origin } = envelopeOf(arrival)
    const group = part === 'state' ? 'state' : origin
    const indexes = groups.get(group)
    if (indexes === undefined) groups.set(group, [index])
    else indexes.push(index)
  }
  return groups
}
