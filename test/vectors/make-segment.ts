import { documentOf, makeLargeSegment, makeSnapshot, type MadeLogEnvelope } from './log-material.ts'
import { hex } from './material.ts'

/** Segments up to some envelopes of the feed, and one of two lists, whose entries count up from 0. */
export function describeSegments (made: readonly MadeLogEnvelope[]) {
  return [...made, makeLargeSegment()].map((segment) => {
    const { name, envelope } = segment
    const document = documentOf(segment)
    return {
      upTo: name,
      segment: envelope.header.segment,
      head: hex(envelope.header.heads[0] as Uint8Array),
      document: hex(document),
      proof: hex(envelope.bytes),
      snapshot: hex(makeSnapshot(envelope, document))
    }
  })
}
