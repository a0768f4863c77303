import { sameBytes } from '../bytes.ts'
import type { FeedState } from '../transport.ts'
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
  if (!sameSet(a.tips.map(({ id }) => id), b.tips.map(({ id }) => id))) return false
  return a.heads.length === 0 || b.heads.length === 0 || sameSet(a.heads, b.heads)
}

function sameSet (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes) => b.some((other) => sameBytes(bytes, other)))
}
