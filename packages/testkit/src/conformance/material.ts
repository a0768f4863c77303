import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { encodeSnapshot, maxEnvelopeBytes, maxItemBytes, sealEnvelope, type FeedId, type Identity, type LogEnvelope, type LogHeader, type Tip } from '@akshi/core'

/** The mesh that all subjects belong to. */
export const meshId = 'conformance'
/** A signal that never aborts. */
export const never: AbortSignal = new AbortController().signal
setMaxListeners(0, never)                                                           // many calls may wait at once

export interface ChainOptions {
  readonly journal?: string
  /** Bytes of the payload of each envelope. Default: a few. */
  readonly payloadBytes?: (seq: number) => number
  /** Envelopes in a segment, each with as many entries as fill it up to 4,096. Default: all are in one. */
  readonly perSegment?: number
}

/** `count` chained envelopes of one log, numbered from 1. The payloads are no Automerge changes, which no transport looks at. */
export function makeChain (origin: Identity, count: number, { journal = 'notes', payloadBytes = () => 16, perSegment }: ChainOptions = {}): LogEnvelope[] {
  const made: LogEnvelope[] = []
  for (let seq = 1; seq <= count; seq++) {
    const [segment, entries] = perSegment === undefined ? [0, seq] : [Math.floor((seq - 1) / perSegment), seq * 4_096 / perSegment]
    const header: LogHeader = {
      kind: 'journal', part: 'log', journal, seq, prev: made.at(-1)?.id, actor: new Uint8Array(16), heads: [], at: 1_700_000_000_000 + seq, segment, entries
    }
    made.push(sealEnvelope(origin, meshId, header, noise(`${journal} ${seq}`, payloadBytes(seq))))
  }
  return made
}

/** One envelope of exactly `maxEnvelopeBytes`. */
export function makeLargestEnvelope (origin: Identity): LogEnvelope {
  const spare = 1_000
  const [probe] = makeChain(origin, 1, { payloadBytes: () => maxEnvelopeBytes - spare }) as [LogEnvelope]
  const [largest] = makeChain(origin, 1, { payloadBytes: () => maxEnvelopeBytes - spare + maxEnvelopeBytes - probe.bytes.length }) as [LogEnvelope]
  return largest
}

/** The snapshot that ends with this envelope. Its document is none, which no transport unfolds. */
export function makeSnapshot (proof: LogEnvelope, documentBytes = 1_000): Uint8Array {
  return encodeSnapshot({ proof, inflatedBytes: Math.min(documentBytes, 100_000), deflated: noise('document', documentBytes) })
}

/** A snapshot of exactly `maxItemBytes`. */
export function makeLargestSnapshot (proof: LogEnvelope): Uint8Array {
  const spare = 10_000
  const probe = makeSnapshot(proof, maxItemBytes - spare)
  return makeSnapshot(proof, maxItemBytes - spare + maxItemBytes - probe.length)
}

export function feedOf ({ origin, header: { journal, part } }: LogEnvelope): FeedId {
  return { journal, part, origin }
}

export function tipOf ({ header: { seq }, id }: LogEnvelope): Tip {
  return { seq, id }
}

/** Bytes that do not compress, the same for the same seed. */
export function noise (seed: string, length: number): Uint8Array {
  return length === 0 ? new Uint8Array() : new Uint8Array(createHash('shake256', { outputLength: length }).update(seed).digest())
}

/** Bytes as a key for sets and maps. */
export function keyOf (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
