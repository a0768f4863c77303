import { sealEnvelope, type Digest, type EnvelopeReceiver, type Identity, type Link, type LogEnvelope, type Range, type Receipt, type Transport } from '@akshi/core'
import { keyOf, meshId, tipOf } from '../conformance/material.ts'
import type { TransportEnd } from '../conformance/transport-subject.ts'

/** A node of a trial, over all its lives: what it wrote, and what came to it. */
export class TrialWriter implements EnvelopeReceiver {
  readonly identity: Identity
  readonly written: LogEnvelope[] = []
  readonly came = new Map<string, Uint8Array>()
  end: TransportEnd | undefined
  /** Grows with each stop and start. */
  turns = 0

  constructor (identity: Identity) {
    this.identity = identity
  }

  get transport (): Transport {
    if (this.end === undefined) throw new TypeError('It has not begun')
    return this.end.transport
  }

  /** Of its log what comes after the beginning that somebody has. */
  rangeAfter (came: ReadonlySet<string>): Range {
    const gap = this.written.findIndex(({ bytes }) => !came.has(keyOf(bytes)))
    const last = this.written.at(gap === -1 ? -1 : gap - 1)
    return { feed: { journal: 'trial', part: 'log', origin: this.identity.did }, have: last === undefined || gap === 0 ? [] : [tipOf(last)] }
  }

  /** Its next envelope. */
  write (payloadBytes: number): Uint8Array {
    const [seq, prev] = [this.written.length + 1, this.written.at(-1)?.id]
    const header = { kind: 'journal', part: 'log', journal: 'trial', seq, prev, actor: new Uint8Array(16), heads: [], at: 1_700_000_000_000 + seq, segment: 0, entries: seq } as const
    const envelope = sealEnvelope(this.identity, meshId, header, new Uint8Array(payloadBytes).fill(seq))
    this.written.push(envelope)
    return envelope.bytes
  }

  admits (): boolean { return true }
  hint (): void {}
  async digest ({ root }: Digest): Promise<Digest> { return { root } }

  async receive (batch: readonly Uint8Array[]): Promise<Receipt> {
    for (const bytes of batch) this.came.set(keyOf(bytes), Uint8Array.from(bytes))
    return { verdicts: batch.map(() => ({ status: 'stored' })), have: [] }
  }

  async * serve (): AsyncGenerator<Uint8Array> { yield * this.came.values() }
}

/** All that comes of a pull. */
export async function pullAll (link: Link, want: readonly Range[], signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const items: Uint8Array[] = []
  for await (const item of link.pull(want, { limit: 10_000 }, signal)) items.push(Uint8Array.from(item))
  return items
}
