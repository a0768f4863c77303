import type { Address, Clock, Timer } from '@akshi/core'

/** Node tells of no change of the machine's interfaces, so they are looked at now and then; it takes some 50 us. */
const everyMs = 1_000

/** Notices that the addresses at which this node can be dialled have changed: a cable, a Wi-Fi, a tunnel. */
export class AddressWatch {
  readonly #clock: Clock
  readonly #read: () => readonly Address[]
  readonly #changed: () => void
  #known = ''
  #timer: Timer | undefined

  constructor (clock: Clock, read: () => readonly Address[], changed: () => void) {
    this.#clock = clock
    this.#read = read
    this.#changed = changed
  }

  start (): void {
    this.#known = this.#print()
    this.#wait()
  }

  stop (): void {
    this.#timer?.cancel()
  }

  #wait (): void {
    this.#timer = this.#clock.timer(everyMs, () => {
      const now = this.#print()
      const isNews = now !== this.#known
      this.#known = now
      this.#wait()
      if (isNews) this.#changed()
    })
  }

  /** In whatever order the system lists them. */
  #print (): string {
    return this.#read().map(({ host, port }) => `${host} ${port}`).sort().join()
  }
}
