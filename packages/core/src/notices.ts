import type { Clock } from './clock.ts'
import type { Notice } from './control.ts'
import type { Logger } from './logger.ts'
import type { FeedId } from './transport.ts'

const maxNotices = 50

/** What an operator should know: each kind once in the log and counted in the status, oldest dropped first. */
export class Notices {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #added: (notice: Notice) => void
  readonly #notices = new Map<string, Notice>()

  /** `added` is told of each, every time. */
  constructor (clock: Clock, logger: Logger, added: (notice: Notice) => void = () => {}) {
    this.#clock = clock
    this.#logger = logger
    this.#added = added
  }

  /** Notes that something happened, perhaps to a feed. `code` and `message` together say what is the same. */
  add (code: string, message: string, feed?: FeedId): void {
    const key = `${code} ${message}`
    const count = (this.#notices.get(key)?.count ?? 0) + 1
    this.#notices.delete(key)
    const notice = { code, message, count, at: new Date(this.#clock.now()).toISOString(), ...feed !== undefined && { feed } }
    this.#notices.set(key, notice)
    this.#added(notice)
    if (this.#notices.size > maxNotices) this.#notices.delete(this.#notices.keys().next().value ?? '')
    this.#logger.warnOnce(key, message, { code })
  }

  /** Newest first. */
  all (): readonly Notice[] {
    return [...this.#notices.values()].reverse()
  }
}
