import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'

/**
 * The last envelopes that came though they stand in the middle of a segment that is here. One may be where the segment of
 * another path ends: it then proves that end, and what goes on from there comes next.
 */
export class PassedEnds {
  readonly #most: number
  #envelopes: LogEnvelope[] = []

  constructor (most: number) {
    this.#most = most
  }

  /** Takes the place of the envelope before it, if that is there. */
  note (envelope: LogEnvelope): void {
    const others = this.#envelopes.filter(({ id }) => !sameBytes(id, envelope.id) && !sameBytes(id, envelope.header.prev))
    this.#envelopes = [...others, envelope].slice(-this.#most)
  }

  find (seq: number, head: Uint8Array | undefined): LogEnvelope | undefined {
    return this.#envelopes.find(({ header }) => header.seq === seq && sameBytes(header.heads[0], head))
  }

  named (id: Uint8Array | undefined): LogEnvelope | undefined {
    return this.#envelopes.find((envelope) => sameBytes(envelope.id, id))
  }
}
