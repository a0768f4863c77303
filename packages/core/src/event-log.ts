import type { Clock, Timer } from './clock.ts'
import type { MeshEvent, MeshEventData } from './mesh-event.ts'
import type { Random } from './random.ts'

/** Events that are kept for who comes back and asks for what was missed. */
const maxKept = 1_000
/** A journal that grows all the time is told of at most so often. */
const journalPauseMs = 100
const lifeBytes = 4

type Kind = keyof MeshEventData
type JournalData = MeshEventData['journal']

/** What happened in a node, for those who watch it: the last events, and each new one as it comes. */
export class EventLog {
  readonly #clock: Clock
  /** Names this life of the node, so that nobody goes on from the numbers of another. */
  readonly #life: string
  readonly #events: MeshEvent[] = []
  readonly #listeners = new Set<() => void>()
  readonly #paused = new Map<string, { readonly timer: Timer, next: (() => JournalData) | undefined }>()
  #count = 0

  constructor (clock: Clock, random: Random) {
    this.#clock = clock
    this.#life = Buffer.from(random.bytes(lifeBytes)).toString('hex')
  }

  /** Tells that something happened. */
  add<Type extends Kind> (type: Type, data: MeshEventData[Type]): void {
    this.#count++
    this.#events.push(this.#event(type, data))
    if (this.#events.length > maxKept) this.#events.shift()
    for (const listener of this.#listeners) listener()
  }

  /** Tells that a journal has grown: at once, and then at most every 100 ms, with what it is like then. */
  grew (name: string, describe: () => JournalData): void {
    const paused = this.#paused.get(name)
    if (paused !== undefined) {
      paused.next = describe
      return
    }
    this.add('journal', describe())
    this.#paused.set(name, { timer: this.#clock.timer(journalPauseMs, () => this.#resume(name)), next: undefined })
  }

  /**
   * Events as they come, after the one with this id, or from now on; until the signal aborts. One is `start` when the id is
   * of another life of the node, or what comes after it is not kept any more: then look at everything anew.
   */
  async * follow (after: string | undefined, signal: AbortSignal): AsyncGenerator<MeshEvent> {
    let next = after === undefined ? this.#count : this.#placeOf(after)
    while (!signal.aborted) {
      if (next === undefined || next < this.#first) {
        next = this.#count
        yield this.#event('start', { missed: true })
      }
      const fresh = this.#events.slice(next - this.#first)
      next += fresh.length
      yield * fresh
      if (next === this.#count) await this.#changed(signal)
    }
  }

  /** Lets go of its timers. */
  close (): void {
    for (const { timer } of this.#paused.values()) timer.cancel()
    this.#paused.clear()
  }

  /** How many events came before the first that is kept. */
  get #first (): number { return this.#count - this.#events.length }

  #event<Type extends Kind> (type: Type, data: MeshEventData[Type]): MeshEvent {
    return { id: `${this.#life}-${this.#count}`, at: new Date(this.#clock.now()).toISOString(), type, data } as MeshEvent
  }

  #resume (name: string): void {
    const { next } = this.#paused.get(name) ?? {}
    this.#paused.delete(name)
    if (next !== undefined) this.grew(name, next)
  }

  /** How many events stand up to the one with this id; `undefined` when those after it are not all kept. */
  #placeOf (id: string): number | undefined {
    const [life, count = ''] = id.split('-')
    const place = /^\d{1,15}$/.test(count) ? Number(count) : Infinity
    return life === this.#life && place >= this.#first && place <= this.#count ? place : undefined
  }

  #changed (signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
