import { createContext, runInContext, type Context } from 'node:vm'
import { describeError, MeshError } from '@akshi/core'
import { matchesOf, type Match, type TextRule } from './text-rule.ts'

/** A rule as runtime.toml has it. */
export interface RuleSettings {
  readonly id: string
  readonly pattern: string
  readonly flags: string
}

/** For all rules and one text. What takes longer is refused: it cannot be said what is in it. */
const limitMs = 200
const probes = ['a', 'A', '0', ' ', '-', '_', '.', '/', 'aA0', 'a ', 'a-', 'a.', '==', '"', '\n'].map((part) => part.repeat(Math.ceil(4_000 / part.length)) + '\u0000')

/** The operator's rules. An expression that takes for ever is ended: nothing but a deadline can promise that of any expression. */
export class ConfiguredRules {
  readonly #rules: readonly TextRule[]
  readonly #context: Context
  #asked = ''
  #text = ''
  #found: Match[] = []

  /**
   * @throws MeshError `GUARD_RULE_INVALID` for an expression that does not compile, finds the empty text, or takes for ever, and for an
   * id that is taken.
   */
  constructor (settings: readonly RuleSettings[], taken: ReadonlySet<string>) {
    this.#context = createContext({ run: () => this.#run() })
    this.#rules = settings.map((rule, index) => {
      if (taken.has(rule.id) || settings.findIndex(({ id }) => id === rule.id) < index) throw invalid(rule, 'the id is taken')
      return compile(rule)
    })
    for (const probe of probes) {
      const slow = this.match(probe).find(({ rule }) => rule.endsWith(tooSlow))
      if (slow !== undefined) throw invalid({ id: this.#asked }, 'it takes more than 0.2 s for 4,000 characters. Nested repetitions do that: give them bounds, or take one away')
    }
  }

  /** What the rules find. A rule that takes too long is a find, with an id that says so. */
  match (text: string): readonly Match[] {
    if (this.#rules.length === 0) return []
    this.#text = text
    this.#found = []
    try {
      runInContext('run()', this.#context, { timeout: limitMs })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      return [...this.#found, { rule: `${this.#asked}${tooSlow}`, secret: '' }]
    }
    return this.#found
  }

  #run (): void {
    for (const rule of this.#rules) {
      this.#asked = rule.id
      this.#found.push(...matchesOf(rule, this.#text))
    }
  }
}

const tooSlow = '-too-slow'

function compile ({ id, pattern, flags }: RuleSettings): TextRule {
  try {
    const expression = new RegExp(pattern, `g${flags}`)
    if (!new RegExp(pattern, flags).test('')) return { id, finds: 'what this node was told to look for', pattern: expression }
  } catch (cause) {
    throw invalid({ id }, describeError(cause), cause)
  }
  throw invalid({ id }, 'it finds the empty text, so it would refuse everything')
}

function invalid ({ id }: Pick<RuleSettings, 'id'>, reason: string, cause?: unknown): MeshError {
  return new MeshError('GUARD_RULE_INVALID', `The rule "${id}" of plugin-guard cannot be used: ${reason}. Mend it under [[plugins.config.rules]] in runtime.toml.`, { cause })
}
