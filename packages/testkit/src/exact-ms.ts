/**
 * A duration rounded up to a multiple of 2^-10 ms. Sums and differences of such times are exact; of others a timer may end
 * a rounding error too early by the clock that it was set by, and time that stands still does not put that right.
 */
export function exactMs (ms: number): number {
  return Math.ceil(ms * 1_024) / 1_024
}
