import { SegmentRules } from '../../../packages/core/src/automerge/segment-rules.ts'
import { actor, entries, LogWriter } from './log-writer.ts'

/** A writer that has written 300 entries: one full list, and one of 44. */
export function filled (as = 1): { writer: LogWriter, rules: SegmentRules, changes: Uint8Array[], full: string } {
  const writer = new LogWriter(actor(as)).begin()
  const changes = [writer.append(entries(100))]
  const full = writer.list
  changes.push(writer.append(entries(200, 101)))
  const rules = new SegmentRules()
  for (const change of changes) take(rules, change)
  return { writer, rules, changes, full }
}

/** Checks a change and notes it. */
export function take (rules: SegmentRules, change: Uint8Array): void {
  rules.advance(rules.check(change))
}
