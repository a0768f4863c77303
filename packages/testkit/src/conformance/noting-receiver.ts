import { peekItem, type Did, type Digest, type EnvelopeReceiver, type FeedState, type LinkSource, type PullOptions, type Range, type Receipt, type Verdict } from '@akshi/core'
import { meshId } from './material.ts'

/** What a receiver was asked, as it was given. */
export type ReceiverCall =
  | { readonly kind: 'receive', readonly batch: readonly Uint8Array[], readonly from: LinkSource }
  | { readonly kind: 'digest', readonly theirs: Digest, readonly from: LinkSource }
  | { readonly kind: 'serve', readonly want: readonly Range[], readonly options: PullOptions, readonly from: LinkSource }
  | { readonly kind: 'hint', readonly from: LinkSource }

/** A receiver that notes what it is asked, lets a case wait for that, and answers as it is told. */
export class NotingReceiver implements EnvelopeReceiver {
  readonly calls: ReceiverCall[] = []
  /** Who may use mesh routes. Default: everybody. */
  admitted: (did: Did) => boolean = () => true
  /** Set to make every answer wait. */
  hold: Promise<void> | undefined
  /** Set to make every call fail. */
  failure: Error | undefined
  verdictOf: (item: Uint8Array) => Verdict = () => ({ status: 'stored' })
  have: readonly FeedState[] = []
  answer: (theirs: Digest, from: LinkSource) => Digest = ({ root }) => ({ root })
  /** What there is to serve, in order. */
  items: readonly Uint8Array[] = []
  readonly #waiting: { readonly isIt: (call: ReceiverCall) => boolean, readonly resolve: (call: ReceiverCall) => void }[] = []

  admits (did: Did): boolean { return this.admitted(did) }

  async receive (batch: readonly Uint8Array[], from: LinkSource): Promise<Receipt> {
    await this.#begin({ kind: 'receive', batch, from })
    return { verdicts: batch.map((item) => this.verdictOf(item)), have: this.have }
  }

  async digest (theirs: Digest, from: LinkSource): Promise<Digest> {
    await this.#begin({ kind: 'digest', theirs, from })
    return this.answer(theirs, from)
  }

  async * serve (want: readonly Range[], options: PullOptions, from: LinkSource): AsyncGenerator<Uint8Array> {
    await this.#begin({ kind: 'serve', want, options, from })
    const after = Math.max(0, ...want.flatMap(({ have }) => have.map(({ seq }) => seq)))
    yield * this.items.filter((item) => peekItem(item, meshId).envelope.header.seq > after).slice(0, options.limit)
  }

  hint (from: LinkSource): void {
    this.#note({ kind: 'hint', from })
  }

  /** Resolves to the next call of this kind. */
  next (kind: ReceiverCall['kind']): Promise<ReceiverCall> {
    return new Promise((resolve) => this.#waiting.push({ isIt: (call) => call.kind === kind, resolve }))
  }

  /** All items that came, in the order of their coming. */
  get received (): readonly Uint8Array[] {
    return this.calls.flatMap((call) => call.kind === 'receive' ? call.batch : [])
  }

  async #begin (call: ReceiverCall): Promise<void> {
    this.#note(call)
    await this.hold
    if (this.failure !== undefined) throw this.failure
  }

  #note (call: ReceiverCall): void {
    this.calls.push(call)
    for (const waiter of this.#waiting.filter(({ isIt }) => isIt(call))) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve(call)
    }
  }
}
