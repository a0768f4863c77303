import { createHash } from 'node:crypto'
import { sealEnvelope, type LogEnvelope, type LogHeader } from '../../../../packages/core/src/envelope.ts'
import { SegmentRules } from '../../../../packages/core/src/automerge/segment-rules.ts'
import { packSnapshot } from '../../../../packages/core/src/journal/log/sealer.ts'
import type { Point } from '../../../../packages/core/src/journal/log/segment-index.ts'
import { inflateDocument, parseSnapshot } from '../../../../packages/core/src/snapshot.ts'
import { LogWriter } from '../../automerge/log-writer.ts'
import { at, meshId, newTexts, origin } from './support.ts'

export interface SegmentPlan {
  /** What each envelope holds. */
  readonly texts: readonly (readonly string[])[]
  readonly number?: number
  /** Where it goes on from. */
  readonly after?: Point
  readonly journal?: string
  readonly actor?: Uint8Array
  /** What the headers say instead of the truth. */
  readonly header?: (header: LogHeader) => LogHeader
}

/** A segment as a program that holds the origin's key can write it. */
export function writeSegment ({ texts, number = 0, after, journal = 'notes', actor = new Uint8Array(16).fill(number + 1), header: edit = (header) => header }: SegmentPlan): { envelopes: LogEnvelope[], document: Uint8Array } {
  const writer = new LogWriter(actor).begin({ journal, segment: number, ...after !== undefined && { prev: after.head } })
  const rules = new SegmentRules()
  const envelopes: LogEnvelope[] = []
  let [seq, prev, entries] = [after?.seq ?? 0, after?.id, after?.entries ?? 0]
  for (const each of texts) {
    const payload = writer.append(each, at / 1000)
    const change = rules.check(payload)
    rules.advance(change)
    entries += each.length
    const header = edit({ kind: 'journal', part: 'log', journal, segment: number, seq: ++seq, prev, entries, actor, heads: [change.hash], at })
    const envelope = sealEnvelope(origin, meshId, header, payload)
    prev = envelope.id
    envelopes.push(envelope)
  }
  return { envelopes, document: writer.handle.saveNoCompress() }
}

/** The point after an envelope. */
export function pointAfter ({ id, header: { seq, heads, entries } }: LogEnvelope): Point {
  return { seq, id, head: heads[0] as Uint8Array, entries }
}

/** Two segments, as envelopes and as snapshots. */
export async function writeLog (segments = 2): Promise<{ envelopes: LogEnvelope[][], snapshots: Uint8Array[] }> {
  const envelopes: LogEnvelope[][] = []
  const snapshots: Uint8Array[] = []
  for (let number = 0; number < segments; number++) {
    const last = envelopes.at(-1)?.at(-1)
    const written = writeSegment({ texts: [newTexts(3), newTexts(2)], number, ...last !== undefined && { after: pointAfter(last) } })
    envelopes.push(written.envelopes)
    snapshots.push(await packSnapshot(written.envelopes.at(-1) as LogEnvelope, written.document))
  }
  return { envelopes, snapshots }
}

/** The document of a snapshot. */
export async function documentOf (snapshot: Uint8Array): Promise<Uint8Array> {
  return await inflateDocument(parseSnapshot(snapshot, meshId))
}

/** Changes bytes of a document, and makes its checksum fit again. */
export function altered (document: Uint8Array, from: Uint8Array | string, to: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(document)
  const start = bytes.indexOf(from)
  if (start < 0) throw new Error('The document does not hold that')
  bytes.set(Buffer.from(to), start)
  bytes.set(createHash('sha256').update(bytes.subarray(8)).digest().subarray(0, 4), 4)
  return bytes
}
