import { sameBytes } from '../../bytes.ts'
import type { LogEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import type { Verdict } from '../../transport.ts'
import type { CheckedEnvelope, LogSegment } from './log-segment.ts'
import type { LoadedSegment } from './stored-segment.ts'
import type { SegmentRules } from '../../automerge/segment-rules.ts'

/** Envelopes that follow each other in one segment, checked, on their way to the disk. */
export interface Run {
  readonly segment: LogSegment
  readonly loaded: LoadedSegment
  readonly fresh: CheckedEnvelope[]
  /** Places of the envelopes in what came in. */
  readonly indexes: number[]
}

export function refused (reason: string): Verdict {
  return { status: 'refused', reason }
}

/** Whether an envelope follows the last of a run, as far as its header tells. */
export function continues ({ header }: LogEnvelope, { segment, fresh }: Run): boolean {
  const last = fresh.at(-1)?.envelope
  return last !== undefined && header.segment === segment.number && header.seq === last.header.seq + 1 && sameBytes(header.prev, last.id)
}

/** Puts an envelope at the end of a run, if its segment's rules take it. */
export function extend (run: Run, envelope: LogEnvelope, index: number): Run | Verdict {
  const entries = run.fresh.at(-1)?.envelope.header.entries
  const checked = checkEnvelope(envelope, run.segment, run.loaded.rules, entries)
  if ('status' in checked) return checked
  run.loaded.rules.advance(checked.change)
  run.fresh.push(checked)
  run.indexes.push(index)
  return run
}

/** Whether an envelope holds the one change that it names, and one that its segment may take next. `entries` stand before it. */
export function checkEnvelope (envelope: LogEnvelope, segment: LogSegment, rules: SegmentRules, entries = segment.after.entries + rules.entries): CheckedEnvelope | Verdict {
  const { header, payload } = envelope
  try {
    const change = rules.check(payload)
    if (header.heads.length !== 1 || !sameBytes(header.heads[0], change.hash)) return refused('its change is not the one its header names')
    if (!sameBytes(header.actor, change.actor)) return refused('its change is by another actor than its header names')
    if (header.entries !== entries + change.texts.length) return refused('it does not count its entries right')
    const { root } = change
    if (root !== undefined && (root.journal !== header.journal || root.segment !== header.segment || !sameBytes(root.previousHead, segment.after.head))) return refused('its segment begins as another one')
    return { envelope, change }
  } catch (error) {
    return refused(`its change is not one that a log may take: ${describeError(error)}`)
  }
}
