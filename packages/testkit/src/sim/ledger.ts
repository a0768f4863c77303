import type { Did, EntryView } from '@akshi/core'

interface Write {
  readonly origin: Did
  /** State changes: what its maker saw then, which it vouches for. */
  readonly saw: ReadonlySet<string>
}

/** What one home has and may have, as the model knows it. */
export class HomeRecord {
  readonly #own: Did
  /** Writes that it acknowledged or showed and that it did not lose since with its disk. */
  shown: ReadonlySet<string> = new Set()
  readonly trusts: Set<Did>
  /** Whom it ever trusted, itself included. */
  readonly ever: Set<Did>
  /** Whom it has trusted all the time. */
  readonly always: Set<Did>
  /** How often it lost something with its disk. */
  losses = 0

  constructor (own: Did, trusts: readonly Did[]) {
    this.#own = own
    this.trusts = new Set(trusts)
    this.ever = new Set([own, ...trusts])
    this.always = new Set([own, ...trusts])
  }

  admits (origin: Did): boolean { return origin === this.#own || this.trusts.has(origin) }

  keep (names: Iterable<string>): void { this.shown = new Set([...this.shown, ...names]) }
}

/** What was written in a simulation, by whom, and what of it no home may forget or show. */
export class Ledger {
  readonly #writes = new Map<string, Write>()
  #count = 0

  /** A name for a write that is about to be made. */
  note (origin: Did, saw: ReadonlySet<string> = new Set()): string {
    const name = `w${this.#count++}`
    this.#writes.set(name, { origin, saw })
    return name
  }

  originOf (name: string): Did | undefined { return this.#writes.get(name)?.origin }

  /** What is wrong with what a home shows now; empty when nothing is. Notes what it shows. */
  judge (who: string, home: HomeRecord, entries: readonly EntryView[], keys: readonly string[]): string[] {
    const names = entries.map(({ body }) => String(body))
    const now = new Set([...names, ...keys])
    const problems = [
      ...names.length === new Set(names).size ? [] : [`${who} shows an entry twice`],
      ...[...home.shown].filter((name) => !now.has(name)).map((name) => `${who} forgot ${name}`),
      ...entries.filter(({ body, origin }) => this.originOf(String(body)) !== origin).map(({ body, origin }) => `${who} shows ${String(body)} as written by ${origin}, who did not`),
      ...names.filter((name) => !home.ever.has(this.originOf(name) as Did)).map((name) => `${who} shows ${name} of a node that it never trusted`),
      ...keys.filter((name) => !this.#mayShowKey(home, name, keys)).map((name) => `${who} shows the change ${name} of a node that it never trusted and nobody vouches for`)
    ]
    home.shown = now
    return problems
  }

  #mayShowKey (home: HomeRecord, name: string, keys: readonly string[]): boolean {
    const { origin } = this.#writes.get(name) ?? {}
    if (origin === undefined) return false
    return home.ever.has(origin) || keys.some((other) => {
      const write = this.#writes.get(other)
      return write !== undefined && home.ever.has(write.origin) && write.saw.has(name)
    })
  }
}
