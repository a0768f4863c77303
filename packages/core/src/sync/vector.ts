import { sameBytes } from '../bytes.ts'
import type { FeedState, Tip } from '../transport.ts'
import { feedKey } from '../wire.ts'

/** What somebody has, by feed key. */
export type VersionVector = ReadonlyMap<string, FeedState>

export function vectorOf (states: readonly FeedState[]): Map<string, FeedState> {
  return new Map(states.map((state) => [feedKey(state.feed), state]))
}

/** Number of the last envelope; 0 for nothing. */
export function seqOf (state: FeedState | undefined): number {
  return state?.tips.reduce((most, { seq }) => Math.max(most, seq), 0) ?? 0
}

/** True when both have the same envelopes, and, where both keep documents, the same heads. */
export function sameState (a: FeedState | undefined, b: FeedState | undefined): boolean {
  if (seqOf(a) !== seqOf(b)) return false
  if (a === undefined || b === undefined) return true
  if (!sameTips(a.tips, b.tips)) return false
  return a.heads.length === 0 || b.heads.length === 0 || sameSet(a.heads, b.heads)
}

export function sameTips (a: readonly Tip[], b: readonly Tip[]): boolean {
  return sameSet(a.map(({ id }) => id), b.map(({ id }) => id))
}

function sameSet (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes) => b.some((other) => sameBytes(bytes, other)))
}
