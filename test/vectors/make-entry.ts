import { encodeCursor } from '../../packages/core/src/journal/cursor.ts'
import { idOfText } from '../../packages/core/src/journal/entry.ts'
import { readEntryId } from '../../packages/core/src/journal/hybrid-clock.ts'
import type { MadeLogEnvelope } from './log-material.ts'
import { alpha, at, hybridClock } from './material.ts'

/** Three stamps in one millisecond, one that follows a stamp seen from elsewhere, and one a moment later. */
export function makeEntryIds () {
  let now = at
  const clock = hybridClock(() => now)
  const ids = [clock.next(), clock.next(), clock.next()]
  const seen = `${ids[0]?.slice(0, 9)}9${ids[0]?.slice(10)}`
  clock.see(seen)
  ids.push(clock.next())
  now = at + 60_000
  ids.push(clock.next())
  return { now: at, seen, made: ids.map((id) => ({ id, ...readEntryId(id) })) }
}

/** The cursor of somebody who has read a forked log to the end of both paths. */
export function describeCursor (log: readonly MadeLogEnvelope[]) {
  const ends = log.filter(({ name }) => !log.some(({ after }) => after === name))
  const anchors = ends.map(({ envelope, texts }) => ({ count: envelope.header.entries, lastId: idOfText(texts.at(-1) ?? '') }))
  return { origins: { [alpha.did]: anchors }, text: encodeCursor(new Map([[alpha.did, anchors]])) }
}
