import { credentialRules, namedRule } from './credential-rules.ts'
import type { ConfiguredRules } from './configured-rules.ts'
import { decodingsOf } from './decodings.ts'
import type { Fingerprints } from './fingerprints.ts'
import { isPrivateDer, keyRules } from './key-rules.ts'
import { leavesOf, pointerOf, TooMuch, type Leaf, type Step } from './leaves.ts'
import { Haystack, type KnownSecret } from './secret-forms.ts'
import { SecretlintRules } from './secretlint-rules.ts'
import { serviceRules } from './service-rules.ts'
import { matchesOf, type Match, type TextRule } from './text-rule.ts'

/** What was found, and where; never the text. */
export interface Finding {
  readonly rule: string
  /** JSON pointer (RFC 6901) to what holds it, with `(key n)` for names that must not be shown. */
  readonly path: string
  /** What to put under `allow` if it is a false positive; none for what cannot be one. */
  readonly fingerprint?: string
}

export interface ScannerOptions {
  readonly configured: ConfiguredRules
  readonly fingerprints: Fingerprints
  readonly allow: ReadonlySet<string>
  /** The secrets that are known. */
  readonly known: () => readonly KnownSecret[]
}

/** The guard's own rules that look at a text. */
export const textRules: readonly TextRule[] = [...keyRules, ...serviceRules, ...credentialRules]
/** Found where more would have to be looked at than is. */
export const tooMuchRule = 'too-much-to-look-at'
const maxRounds = 4
const maxCharacters = 16 << 20
const maxFindings = 20

/** Looks for secrets in values. What it does not look at it refuses. */
export class Scanner {
  readonly #options: ScannerOptions
  readonly #secretlint = new SecretlintRules()

  constructor (options: ScannerOptions) {
    this.#options = options
  }

  /**
   * Secrets in the texts of a value, keys and what they decode to included; texts that stand at the same place in `before` are passed over.
   * At most 20 findings. Takes time in proportion to the value, without giving way to anything else.
   */
  scan (value: unknown, before?: unknown): readonly Finding[] {
    const findings = new Map<string, Finding>()
    try {
      new Scan(this, findings).value(value, before)
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error
      const finding = { rule: tooMuchRule, path: this.#pathOf(error.at) }
      findings.set(tooMuchRule, finding)
    }
    return [...findings.values()]
  }

  /** Adds what is in a text. */
  look ({ at, name, text }: Leaf, findings: Map<string, Finding>): void {
    const haystack = new Haystack(text)
    for (const secret of this.#options.known()) if (haystack.holds(secret)) this.#add({ rule: secret.rule, path: this.#pathOf(at) }, findings)
    for (const match of this.#matches(name, text)) this.report(match, at, findings)
  }

  report (match: Match, at: Step | undefined, findings: Map<string, Finding>): void {
    const fingerprint = this.#options.fingerprints.of(match)
    if (this.#options.allow.has(fingerprint)) return
    const path = this.#pathOf(at)
    this.#add({ rule: match.rule, path, ...match.secret !== '' && { fingerprint } }, findings)
  }

  * #matches (name: string, text: string): Generator<Match> {
    const rule = namedRule(name, text)
    if (rule !== undefined) yield { rule, secret: text }
    yield * this.#textMatches(text)
  }

  * #textMatches (text: string): Generator<Match> {
    if (text.length < 8) return
    for (const each of textRules) yield * matchesOf(each, text)
    yield * this.#secretlint.match(text)
    yield * this.#options.configured.match(text)
  }

  #add (finding: Finding, findings: Map<string, Finding>): void {
    if (findings.size < maxFindings) findings.set(`${finding.rule} ${finding.path} ${finding.fingerprint ?? ''}`, finding)
  }

  #pathOf (at: Step | undefined): string {
    return pointerOf(at, (name) => name.length < 8 || this.#isHarmless(name))
  }

  #isHarmless (name: string): boolean {
    const haystack = new Haystack(name)
    return !this.#options.known().some((secret) => haystack.holds(secret)) && this.#textMatches(name).next().done === true
  }
}

/** One look at one value: what it decodes to is looked at too, in a bounded number of rounds. */
class Scan {
  readonly #scanner: Scanner
  readonly #findings: Map<string, Finding>
  #left = maxCharacters

  constructor (scanner: Scanner, findings: Map<string, Finding>) {
    this.#scanner = scanner
    this.#findings = findings
  }

  value (value: unknown, before?: unknown): void {
    for (const leaf of leavesOf(value, before)) this.#look(leaf, 0, new Set())
  }

  /** `seen` are the texts that the leaf was decoded to: escapes and percent signs lead to the same one either way. */
  #look (leaf: Leaf, round: number, seen: Set<string>): void {
    const key = `${leaf.name}\0${leaf.text}`
    if (seen.has(key)) return
    seen.add(key)
    this.#left -= leaf.text.length
    if (this.#left < 0) throw new TooMuch(leaf.at)
    this.#scanner.look(leaf, this.#findings)
    for (const decoding of decodingsOf(leaf.text)) {
      if ('bytes' in decoding) {
        if (isPrivateDer(decoding.bytes)) this.#scanner.report({ rule: 'private-key-der', secret: decoding.bytes.toString('base64') }, leaf.at, this.#findings)
        continue
      }
      if ('text' in decoding && decoding.text === leaf.text) continue
      if (round === maxRounds) throw new TooMuch(leaf.at)
      const inner = 'text' in decoding ? [{ ...leaf, text: decoding.text }] : leavesOf(decoding.value).map(({ name, text }) => ({ at: leaf.at, name: name === '' ? leaf.name : name, text }))
      for (const each of inner) this.#look(each, round + 1, seen)
    }
  }
}
