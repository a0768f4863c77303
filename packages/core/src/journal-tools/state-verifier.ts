import type { Did } from '../did.ts'
import type { StateEnvelope } from '../envelope.ts'
import { readCandidate } from '../journal/state/candidate.ts'
import { BadItem, hex } from './verification.ts'

/**
 * Verifies the state of one journal: the chain of each origin's envelopes, and that each holds the bounded change that it
 * names. The changes of different origins build on each other; whether all that are built on are there shows at the end.
 */
export class StateVerifier {
  readonly #journal: string
  /** Numbers of envelopes by id, hex. */
  readonly #seqs = new Map<Did, Map<string, number>>()
  readonly #continued = new Set<string>()
  readonly #hashes = new Set<string>()
  readonly #deps = new Set<string>()

  constructor (journal: string) {
    this.#journal = journal
  }

  get forks (): number {
    return [...this.#seqs.values()].reduce((sum, ids) => sum + [...ids.keys()].filter((id) => !this.#continued.has(id)).length - 1, 0)
  }

  get notes (): readonly string[] {
    const count = [...this.#deps].filter((dep) => !this.#hashes.has(dep)).length
    return count === 0 ? [] : [`the state of ${this.#journal} builds on changes that are not there (${count})`]
  }

  /** Throws `BadItem`. The signature was checked, and envelopes of the feed that stand before this one are there. */
  add (envelope: StateEnvelope): void {
    const { header: { seq, prev }, origin } = envelope
    const { change, hash, id } = this.check(envelope)
    const ids = this.#seqs.get(origin) ?? new Map<string, number>()
    if (prev !== undefined && ids.get(hex(prev)) !== seq - 1) throw new BadItem(`envelope ${seq - 1}, which it goes on from, is not there`)
    this.#seqs.set(origin, ids.set(id, seq))
    if (prev !== undefined) this.#continued.add(hex(prev))
    this.#hashes.add(hash)
    for (const dep of change.deps) this.#deps.add(hex(dep))
  }

  /** As `add`, for an envelope by itself, that is not to count. */
  check (envelope: StateEnvelope): Exclude<ReturnType<typeof readCandidate>, string> {
    const candidate = readCandidate(envelope, this.#journal)
    if (typeof candidate === 'string') throw new BadItem(candidate)
    return candidate
  }
}
