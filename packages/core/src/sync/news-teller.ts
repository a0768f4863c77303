import type { Clock, Timer } from '../clock.ts'

/** What it asks of a link. */
export interface ToldLink {
  /** Whether news is pushed to it, because it was found to lack what it was told of. */
  readonly eager: boolean
  tell (): void
}

/** News gets so much time to come by other ways before anybody is told of it. */
const headStartMs = 500

/**
 * Tells of news those to whom it is not pushed: some at a time, those first who were not told for longest. When one of them
 * says within half a second that it lacked it, news does not get round by itself, and twice as many are told next, until all know;
 * else that was all. So it costs each node the same in a mesh of any size, and where few know each other nobody is left out for long.
 */
export class NewsTeller<Told extends ToldLink> {
  readonly #clock: Clock
  readonly #few: number
  readonly #links: () => readonly Told[]
  readonly #mayLack: (link: Told) => boolean
  readonly #toldAt = new WeakMap<Told, number>()
  #timer: Timer | undefined
  #hasNews = false

  /** `links` gives those to whom news is not pushed, who come first in their turn first; `mayLack` says whether one may lack any. */
  constructor (clock: Clock, few: number, links: () => readonly Told[], mayLack: (link: Told) => boolean) {
    this.#clock = clock
    this.#few = few
    this.#links = links
    this.#mayLack = mayLack
  }

  /** There is news. Returns at once. */
  note (): void {
    this.#hasNews = true
    if (this.#timer === undefined) this.#tellIn(this.#few)
  }

  stop (): void {
    this.#timer?.cancel()
  }

  #tellIn (most: number): void {
    this.#timer = this.#clock.timer(headStartMs, () => this.#tell(most))
  }

  #tell (most: number): void {
    this.#hasNews = false
    const told = this.#next(most)
    for (const link of told) {
      this.#toldAt.set(link, this.#clock.monotonic())
      link.tell()
    }
    this.#timer = told.length === 0 ? undefined : this.#clock.timer(headStartMs, () => this.#goOn(told, most))
  }

  #next (most: number): readonly Told[] {
    const told: Told[] = []
    for (const link of [...this.#links()].sort((a, b) => (this.#toldAt.get(a) ?? 0) - (this.#toldAt.get(b) ?? 0))) {
      if (told.length === most) break
      if (this.#mayLack(link)) told.push(link)
    }
    return told
  }

  /** Those that lacked it are eager now. */
  #goOn (told: readonly Told[], most: number): void {
    this.#timer = undefined
    if (told.some(({ eager }) => eager)) this.#tell(most * 2)
    else if (this.#hasNews) this.#tell(this.#few)
  }
}
