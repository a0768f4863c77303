/** What calls into a plugin at one place have cost since the node started. */
export interface CallTiming {
  /** A hook; or what of the plugin is called: `transport.push`, `discovery.announce`, `timer`, `route /greeter`. */
  readonly what: string
  readonly isTap: boolean
  readonly calls: number
  /** Calls that threw, rejected, took too long or gave what the contract does not allow. */
  readonly failures: number
  /** Milliseconds until the calls had an answer, all together. */
  readonly totalMs: number
  /** Milliseconds for which they kept the event loop, all together. */
  readonly busyMs: number
  /** The longest of these. */
  readonly longestBusyMs: number
}

type Counts = { -readonly [Key in keyof CallTiming]: CallTiming[Key] }

/** Counts the calls into one plugin. The places are few: names of them come from core, not from outside. */
export class CallMeter {
  readonly #timings = new Map<string, Counts>()

  /** Shows a place before anything was called there. */
  add (what: string, isTap: boolean): void {
    if (!this.#timings.has(what)) this.#timings.set(what, { what, isTap, calls: 0, failures: 0, totalMs: 0, busyMs: 0, longestBusyMs: 0 })
  }

  called (what: string, busyMs: number): void {
    const timing = this.#of(what)
    timing.calls++
    timing.busyMs += busyMs
    timing.longestBusyMs = Math.max(timing.longestBusyMs, busyMs)
  }

  answered (what: string, ms: number): void {
    this.#of(what).totalMs += ms
  }

  failed (what: string): void {
    this.#of(what).failures++
  }

  /** Taps first, each in the order of its first call. */
  all (): readonly CallTiming[] {
    return [...this.#timings.values()].map((timing) => ({ ...timing })).toSorted((a, b) => Number(b.isTap) - Number(a.isTap))
  }

  #of (what: string): Counts {
    this.add(what, false)
    return this.#timings.get(what) as Counts
  }
}
