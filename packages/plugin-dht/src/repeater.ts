import { describeError, type Clock, type Logger, type Timer } from '@akshi/core'

export interface RepeaterOptions {
  readonly name: string
  /** Does the work, and resolves to how long to wait before it is done again. It never runs twice at once. */
  readonly task: () => Promise<number>
  readonly clock: Clock
  readonly logger: Logger
}

const afterFailureMs = 30_000

/** Work that is done again and again, and at once when somebody rings. */
export class Repeater {
  readonly #options: RepeaterOptions
  #timer: Timer | undefined
  #run: Promise<void> | undefined
  #isRung = false
  #isStopped = false

  constructor (options: RepeaterOptions) {
    this.#options = options
  }

  get isStopped (): boolean { return this.#isStopped }

  /** The work is done now, or once more if it is being done. */
  ring (): void {
    if (this.#isStopped) return
    this.#isRung = true
    if (this.#run !== undefined) return
    this.#timer?.cancel()
    this.#run = this.#work()
  }

  /** Resolves when nothing is done any more. */
  async stop (): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#run
  }

  async #work (): Promise<void> {
    const { task, clock } = this.#options
    let waitMs = 0
    while (this.#isRung && !this.#isStopped) {
      this.#isRung = false
      waitMs = await task().catch((error: unknown) => this.#failed(error))
    }
    this.#run = undefined
    if (!this.#isStopped) this.#timer = clock.timer(waitMs, () => this.ring())
  }

  #failed (error: unknown): number {
    const { name, logger } = this.#options
    if (!this.#isStopped) logger.warnOnce(`dht-${name}`, `${name} failed; it is tried again`, { error: describeError(error) })
    return afterFailureMs
  }
}
