import type { Candidate } from './candidate.ts'
import type { ChangeGraph, ChangeNode } from './change-graph.ts'
import { hexOf } from './hex.ts'

/** A candidate that stands as proof that two lives of its origin wrote as one actor. */
export interface Twin {
  readonly candidate: Candidate
  readonly of: ChangeNode
}

/**
 * Puts candidates into the order in which they can come into the document, whatever order they came in, and adds those
 * that fit to the graph. Looks at each candidate once for each thing that it waits for.
 */
export class Resolution {
  /** Those that fit, each after all that it builds on. They are in the graph now. */
  readonly ready: Candidate[] = []
  readonly twins: Twin[] = []
  readonly #graph: ChangeGraph
  readonly #refusals: Map<string, string>
  /** Candidates by what they wait for: `id/` and an envelope's id, or `change/` and a hash. */
  readonly #waiting = new Map<string, Candidate[]>()
  readonly #missing = new Map<Candidate, number>()
  readonly #next: Candidate[] = []

  /** `refusals` are reasons by envelope id, hex; those found here are added. `find` gives a candidate for a missing hash. */
  constructor (graph: ChangeGraph, candidates: readonly Candidate[], refusals: Map<string, string>, find: (hash: Uint8Array) => Candidate | undefined = () => undefined) {
    this.#graph = graph
    this.#refusals = refusals
    const pool = new Map(candidates.map((candidate) => [candidate.hash, candidate]))
    const queue = [...candidates]
    for (const candidate of queue) {                          // grows by those that are vouched for
      this.#await(candidate)
      for (const dep of candidate.change.deps) {
        const hash = hexOf(dep)
        const found = pool.has(hash) || graph.withHash(hash) !== undefined ? undefined : find(dep)
        if (found === undefined || found.hash !== hash) continue
        pool.set(hash, found)
        queue.push(found)
      }
    }
    for (const candidate of this.#next) this.#settle(candidate)          // grows by those whose turn comes
  }

  #await (candidate: Candidate): void {
    const { envelope: { header: { prev } }, change: { deps } } = candidate
    const wanted = deps.map(hexOf).filter((hash) => this.#graph.withHash(hash) === undefined).map((hash) => `change/${hash}`)
    if (prev !== undefined && this.#graph.withId(hexOf(prev)) === undefined) wanted.push(`id/${hexOf(prev)}`)
    this.#missing.set(candidate, wanted.length)
    for (const key of wanted) {
      const waiters = this.#waiting.get(key)
      if (waiters === undefined) this.#waiting.set(key, [candidate])
      else waiters.push(candidate)
    }
    if (wanted.length === 0 || (prev !== undefined && this.#refusals.has(hexOf(prev)))) this.#next.push(candidate)
  }

  #settle (candidate: Candidate): void {
    const { id, hash, envelope: { header: { prev, seq } } } = candidate
    if (prev !== undefined && this.#refusals.has(hexOf(prev))) return this.#refuse(candidate, `envelope ${seq - 1} before it was refused`)
    const problem = this.#graph.add(candidate)
    if (problem?.twin !== undefined) this.twins.push({ candidate, of: problem.twin })
    if (problem !== undefined) return this.#refuse(candidate, problem.reason)
    this.ready.push(candidate)
    for (const waiter of [...this.#waiting.get(`id/${id}`) ?? [], ...this.#waiting.get(`change/${hash}`) ?? []]) {
      const missing = (this.#missing.get(waiter) ?? 0) - 1
      this.#missing.set(waiter, missing)
      if (missing === 0) this.#next.push(waiter)
    }
  }

  /** What follows a refused envelope in its feed is refused too; what builds on it from another feed waits. */
  #refuse (candidate: Candidate, reason: string): void {
    this.#refusals.set(candidate.id, reason)
    this.#next.push(...this.#waiting.get(`id/${candidate.id}`) ?? [])
  }
}
