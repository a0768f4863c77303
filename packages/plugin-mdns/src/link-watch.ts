import { isDid, type Did, type NodeControl, type Service } from '@akshi/core'

/** Tells when a link to a peer goes down: it may have died without a goodbye. */
export class LinkWatch implements Service {
  readonly #control: Pick<NodeControl, 'events'>
  readonly #down: (did: Did) => void
  readonly #stopped = new AbortController()
  #watching: Promise<void> = Promise.resolve()

  constructor (control: Pick<NodeControl, 'events'>, down: (did: Did) => void) {
    this.#control = control
    this.#down = down
  }

  async start (): Promise<void> {
    this.#watching = this.#watch()
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await this.#watching
  }

  async #watch (): Promise<void> {
    for await (const { type, data } of this.#control.events({ signal: this.#stopped.signal })) {
      if (type === 'link' && data.state === 'down' && isDid(data.to)) this.#down(data.to)
    }
  }
}
