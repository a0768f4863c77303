import { isCounter, isImmutableString } from '@automerge/automerge'

/** What a state document can hold. Strings merge by character; bytes and all else merge whole. */
export type StateValue = string | number | boolean | null | Uint8Array | StateValue[] | StateObject
export interface StateObject { [key: string]: StateValue }

/**
 * A copy of what Automerge shows, with nothing of Automerge in it. Objects and lists are frozen. What only other programs
 * write comes as the nearest plain value: counters and 64-bit integers as numbers, times as ISO 8601 strings.
 */
export function plainValue (value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (isCounter(value)) return Number(value.value)
  if (isImmutableString(value)) return value.val
  if (Array.isArray(value)) return Object.freeze(value.map(plainValue))
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)])))
}
