import type { LogEnvelope } from '../../envelope.ts'

const maxIds = 256

/** Ids of the last envelopes of a segment by number: those that peers on a live link have. */
export class RecentIds {
  readonly #ids = new Map<number, Uint8Array>()

  of (seq: number): Uint8Array | undefined {
    return this.#ids.get(seq)
  }

  /** Notes ids in ascending order, and forgets the oldest. */
  note (envelopes: readonly LogEnvelope[]): void {
    for (const { id, header } of envelopes) this.#ids.set(header.seq, id)
    for (const seq of this.#ids.keys()) {
      if (this.#ids.size <= maxIds) break
      this.#ids.delete(seq)
    }
  }

  clear (): void {
    this.#ids.clear()
  }
}
