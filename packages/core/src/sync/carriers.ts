import type { Did } from '../did.ts'

const maxOrigins = 10_000
const maxCarriers = 4

/** Notes who brings what other nodes have written: the way to those that this node cannot reach itself. */
export class Carriers {
  readonly #byOrigin = new Map<Did, readonly Did[]>()

  /** `by` has brought something of `origin`. */
  note (origin: Did, by: Did): void {
    const before = this.#byOrigin.get(origin) ?? []
    if (before[0] === by || (before.length === 0 && this.#byOrigin.size >= maxOrigins)) return
    this.#byOrigin.set(origin, [by, ...before.filter((did) => did !== by)].slice(0, maxCarriers))
  }

  /** Who has brought what a node wrote, the latest first. */
  of (origin: Did): readonly Did[] {
    return this.#byOrigin.get(origin) ?? []
  }
}
