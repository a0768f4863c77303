/** The smallest of the values that this share of them does not exceed (nearest rank). */
export function percentile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN
}
