import type { Clock } from './clock.ts'
import { withDeadline } from './deadline.ts'
import { describeError } from './errors.ts'

/** How bad a finding is: `failure` keeps something from working, `warning` will or may, `note` is worth knowing, `ok` is as it should be. */
export type FindingLevel = 'failure' | 'warning' | 'note' | 'ok'

/** What a check has seen. */
export interface Observation {
  readonly level: FindingLevel
  /** One sentence that names the cause. */
  readonly message: string
  /** The one command, or the one line of runtime.toml, that mends it; nothing when there is none. */
  readonly fix?: string
}

/** An observation and what it is about: the topic that its check was added with. */
export interface Finding extends Observation {
  readonly topic: string
}

/**
 * Looks at one thing as it is now, and changes nothing. It is asked once per `akshi doctor`, beside the others, and has 5 s:
 * then its signal aborts. Nothing to say is an empty list.
 */
export type Check = (signal: AbortSignal) => readonly Observation[] | Promise<readonly Observation[]>

const limitMs = 5_000
const levels: readonly FindingLevel[] = ['failure', 'warning', 'note', 'ok']

/** What `akshi doctor` asks a running node. Plugins add checks in `setup` or later. */
export class Checks {
  readonly #clock: Clock
  #checks = new Map<symbol, { readonly topic: string, readonly check: Check }>()
  #changed = (_topic: string, check: Check) => check

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Adds a check. `topic` is a word or two: it is shown before each of its findings. Returns the way to take it out. */
  add (topic: string, check: Check): () => void {
    const key = Symbol(topic)
    this.#checks.set(key, { topic, check: this.#changed(topic, check) })
    return () => this.#checks.delete(key)
  }

  /** The same checks, where what is added is changed first. */
  through (change: (topic: string, check: Check) => Check): Checks {
    const same = new Checks(this.#clock)
    same.#checks = this.#checks
    same.#changed = change
    return same
  }

  /** Asks all checks at once. Resolves to what they found, worst first; one that throws or takes too long becomes a warning. Rejects with `signal.reason` only. */
  async run (signal?: AbortSignal): Promise<readonly Finding[]> {
    const found = await Promise.all([...this.#checks.values()].map(async ({ topic, check }) => {
      return (await this.#ask(topic, check, signal)).map((observation) => ({ topic, ...observation }))
    }))
    return worstFirst(found.flat())
  }

  async #ask (topic: string, check: Check, signal: AbortSignal | undefined): Promise<readonly Observation[]> {
    try {
      const found = await withDeadline(this.#clock, limitMs, `checking ${topic}`, async (over) => await check(over), signal)
      if (!Array.isArray(found) || !found.every(isObservation)) throw new TypeError('it gave no list of { level, message }')
      return found
    } catch (error) {
      signal?.throwIfAborted()
      return [{ level: 'warning', message: `this check itself failed: ${describeError(error)}` }]
    }
  }
}

function isObservation (value: unknown): boolean {
  const { level, message } = (value ?? {}) as Partial<Observation>
  return levels.includes(level as FindingLevel) && typeof message === 'string'
}

/** The same findings, failures before warnings before notes; within a level as they were. */
export function worstFirst (findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))
}

/** `text` as one word of a command line (POSIX shell), for fixes. */
export function shellWord (text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
