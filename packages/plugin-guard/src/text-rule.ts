/** A kind of secret that shows in a text by itself. */
export interface TextRule {
  readonly id: string
  /** What it finds, for people: `a Stripe key`. */
  readonly finds: string
  /**
   * With the flag `g`. The group `secret` (or `single`), or else all of the match, is the secret. Its repetitions are bounded, or stand at the end
   * of a part that cannot begin twice, so that it takes time in proportion to the text.
   */
  readonly pattern: RegExp
  /** Whether a match is one: what an expression cannot tell, such as disorder, a checksum or structure. */
  readonly accepts?: (secret: string, match: RegExpExecArray) => boolean
}

/** What a rule found in a text, never shown to anybody. */
export interface Match {
  readonly rule: string
  readonly secret: string
}

/** All that a rule finds in a text. */
export function * matchesOf ({ id, pattern, accepts }: TextRule, text: string): Generator<Match> {
  for (const match of text.matchAll(pattern)) {
    const secret = match.groups?.secret ?? match.groups?.single ?? match[0]
    if (secret !== '' && accepts?.(secret, match) !== false) yield { rule: id, secret }
  }
}
