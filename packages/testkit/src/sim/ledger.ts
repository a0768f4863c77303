import type { Did, EntryView } from '@akshi/core'

interface Write {
  readonly origin: Did
  readonly journal: string
  /** State changes: what its maker had seen when it was acknowledged, all of which it may vouch for. Missing until then. */
  saw?: ReadonlySet<string>
}

/** What a home shows of one journal. */
export interface JournalShown {
  readonly journal: string
  readonly entries: readonly EntryView[]
  /** Keys of its state. */
  readonly keys: readonly string[]
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
  /** Its disk was damaged as it ran: what it shows from memory it may not have any more. */
  isDoubtful = false

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
  note (origin: Did, journal: string, what: 'entry' | 'change'): string {
    const name = `w${this.#count++}`
    this.#writes.set(name, { origin, journal, ...what === 'entry' && { saw: new Set() } })
    return name
  }

  /** A change was acknowledged; its maker had seen these by then. */
  noteSaw (name: string, saw: ReadonlySet<string>): void {
    const write = this.#writes.get(name)
    if (write !== undefined) write.saw = saw
  }

  originOf (name: string): Did | undefined { return this.#writes.get(name)?.origin }

  /** Those that were written into a journal. */
  namesIn (journal: string, names: Iterable<string>): string[] {
    return [...names].filter((name) => this.#writes.get(name)?.journal === journal)
  }

  /** What is wrong with what a home shows now; empty when nothing is. Notes what it shows. */
  judge (who: string, home: HomeRecord, shown: readonly JournalShown[]): string[] {
    const now = new Set(shown.flatMap(({ entries, keys }) => [...entries.map(({ body }) => String(body)), ...keys]))
    const forgot = home.isDoubtful ? [] : [...home.shown].filter((name) => !now.has(name))
    home.shown = now
    return [...forgot.map((name) => `${who} forgot ${name}`), ...shown.flatMap((each) => this.#judgeJournal(who, home, each))]
  }

  #judgeJournal (who: string, home: HomeRecord, { journal, entries, keys }: JournalShown): string[] {
    const names = entries.map(({ body }) => String(body))
    return [
      ...names.length === new Set(names).size ? [] : [`${who} shows an entry twice`],
      ...[...names, ...keys].filter((name) => this.#writes.has(name) && this.#writes.get(name)?.journal !== journal).map((name) => `${who} shows ${name} in ${journal}, for which it was not written`),
      ...entries.filter(({ body, origin }) => this.originOf(String(body)) !== origin).map(({ body, origin }) => `${who} shows ${String(body)} as written by ${origin}, who did not`),
      ...names.filter((name) => !home.ever.has(this.originOf(name) as Did)).map((name) => `${who} shows ${name} of a node that it never trusted`),
      ...keys.filter((name) => !this.#mayShowKey(home, name)).map((name) => `${who} shows the change ${name} of a node that it never trusted and nobody vouches for`)
    ]
  }

  /** Whether somebody whom it ever trusted made it, or built on it: that one's change may be parked still, or lost since. */
  #mayShowKey (home: HomeRecord, name: string): boolean {
    const { origin } = this.#writes.get(name) ?? {}
    if (origin === undefined) return false
    return home.ever.has(origin) || [...this.#writes.values()].some(({ origin, saw }) => home.ever.has(origin) && (saw === undefined || saw.has(name)))
  }
}
