import type { Digest, EnvelopeReceiver, Link, LinkSource, PullOptions, Range, Receipt } from '../../../packages/core/src/transport.ts'

/** A link to a receiver in this process, with the faults of a real one. */
export class MemoryLink implements Link {
  /** What was asked over it, with the number of envelopes or ranges. */
  readonly calls: string[] = []
  closed = 0
  /** While set, every call fails with it before it arrives. */
  broken: Error | undefined
  /** The answer of the next push is lost after it arrived. */
  losesNextAnswer = false
  to: EnvelopeReceiver
  readonly #from: LinkSource

  constructor (to: EnvelopeReceiver, from: LinkSource) {
    this.to = to
    this.#from = from
  }

  async push (batch: readonly Uint8Array[]): Promise<Receipt> {
    this.#call(`push ${batch.length}`)
    const receipt = await this.to.receive(batch, this.#from)
    if (!this.losesNextAnswer) return receipt
    this.losesNextAnswer = false
    throw new Error('the answer was lost')
  }

  async digest (mine: Digest): Promise<Digest> {
    this.#call('digest')
    return await this.to.digest(mine, this.#from)
  }

  async * pull (want: readonly Range[], options: PullOptions): AsyncGenerator<Uint8Array> {
    this.#call(`pull ${want.length}`)
    yield * this.to.serve(want, options, this.#from)
  }

  async close (): Promise<void> {
    this.closed++
  }

  /** Forgets the calls so far and gives them. */
  takeCalls (): string[] {
    return this.calls.splice(0)
  }

  #call (what: string): void {
    if (this.broken !== undefined) throw this.broken
    this.calls.push(what)
  }
}
