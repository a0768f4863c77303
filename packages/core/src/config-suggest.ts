import { closest, distance } from 'fastest-levenshtein'

/** The candidate that `name` is most likely a slip of the pen for; `undefined` when none is near. */
export function suggest (name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const swapped = candidates.find((candidate) => letters(candidate) === letters(name))
  if (swapped !== undefined) return swapped
  const best = closest(name, candidates)
  return distance(name, best) <= Math.max(1, Math.floor(Math.min(name.length, best.length) / 2.5)) ? best : undefined
}

/** Two swapped letters count two edits, but are one slip. */
function letters (word: string): string {
  return [...word].sort().join('')
}

/** The end of a message about an unknown name: `; did you mean "port"?`, or nothing when no candidate is near. */
export function didYouMean (name: string, candidates: readonly string[]): string {
  const best = suggest(name, candidates)
  return best === undefined ? '' : `; did you mean "${best}"?`
}
