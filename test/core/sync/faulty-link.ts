import type { Digest, EnvelopeReceiver, Link, LinkSource, PullOptions, Range, Receipt, Verdict } from '../../../packages/core/src/transport.ts'
import type { Random } from '../../../packages/core/src/random.ts'

/** The request or its answer did not get through. */
export class LostError extends Error {
  override readonly name = 'LostError'
}

/** A link that loses requests and answers, cuts them short, and repeats and reorders what it carries; it alters no bytes. */
export class FaultyLink implements Link {
  readonly #to: EnvelopeReceiver
  readonly #from: LinkSource
  readonly #random: Random

  constructor (to: EnvelopeReceiver, from: LinkSource, random: Random) {
    this.#to = to
    this.#from = from
    this.#random = random
  }

  async push (batch: readonly Uint8Array[]): Promise<Receipt> {
    this.#loseMaybe()
    const order = this.#muddle(batch.map((_, index) => index))
    const isCut = this.#happens(0.15)
    const arriving = isCut ? order.slice(0, order.length >> 1) : order
    const { verdicts, have } = await this.#to.receive(arriving.map((index) => batch[index] as Uint8Array), this.#from)
    if (isCut) throw new LostError('the request was cut short')
    this.#loseMaybe()
    return { verdicts: batch.map((_, index) => verdicts[order.indexOf(index)] as Verdict), have }
  }

  async digest (mine: Digest): Promise<Digest> {
    this.#loseMaybe()
    const answer = await this.#to.digest(mine, this.#from)
    this.#loseMaybe()
    return answer
  }

  async * pull (want: readonly Range[], options: PullOptions): AsyncGenerator<Uint8Array> {
    this.#loseMaybe()
    const items: Uint8Array[] = []
    for await (const bytes of this.#to.serve(want, options, this.#from)) items.push(bytes)
    for (const bytes of this.#muddle(items)) {
      if (this.#happens(0.05)) return
      if (this.#happens(0.05)) throw new LostError('the answer was cut short')
      yield bytes
    }
  }

  async close (): Promise<void> {}

  /** Some things twice, some later than they stood. */
  #muddle<Item> (items: readonly Item[]): Item[] {
    const muddled: Item[] = []
    for (const item of items) {
      muddled.splice(this.#happens(0.15) ? Math.floor(this.#random.uniform() * muddled.length) : muddled.length, 0, item)
      if (this.#happens(0.1)) muddled.push(item)
    }
    return muddled
  }

  #loseMaybe (): void {
    if (this.#happens(0.07)) throw new LostError('it was lost on its way')
  }

  #happens (probability: number): boolean {
    return this.#random.uniform() < probability
  }
}
