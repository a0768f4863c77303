import type { Did } from '../../did.ts'
import type { Candidate } from './candidate.ts'
import type { OperationId } from './change-operations.ts'
import { hexOf } from './hex.ts'
import { checkOperations, type ObjectDepths } from './operation-rules.ts'

/** A change in the document, and what it builds on. */
export interface ChangeNode {
  readonly candidate: Pick<Candidate, 'id' | 'hash'>
  readonly origin: Did
  /** Number of its envelope in the path of the feed. */
  readonly feedSeq: number
  readonly prev: ChangeNode | undefined
  readonly actor: string
  /** Number of the change within its actor. */
  readonly seq: number
  readonly startOp: number
  readonly maxOp: number
  readonly objects: ObjectDepths
  readonly deps: readonly ChangeNode[]
  /** Position in the order in which changes came into the document: greater than that of all it builds on. */
  readonly order: number
  /** It builds on at least all changes before this position. */
  readonly covers: number
  /** Envelopes of its feed that follow it. */
  followers: number
  /** The search that saw it last. */
  seenBy: number
}

/** Why a change cannot come into the document, and the other change of the same actor and number if that is why. */
export interface Problem {
  readonly reason: string
  readonly twin?: ChangeNode
}

/** Where a candidate would stand. */
interface Place {
  readonly prev: ChangeNode | undefined
  readonly deps: readonly ChangeNode[]
  readonly actor: string
}

const maxTips = 64

/**
 * The changes of a state document by what they build on, with all that Automerge relies on but does not check: numbers
 * within actors, counters of operations, what operations refer to, and that a change builds on its predecessor. It only grows.
 */
export class ChangeGraph {
  readonly #nodes: ChangeNode[] = []
  readonly #byHash = new Map<string, ChangeNode>()
  readonly #byId = new Map<string, ChangeNode>()
  readonly #byActor = new Map<string, ChangeNode[]>()
  readonly #tips = new Map<Did, number>()
  readonly #heads = new Set<ChangeNode>()
  #searches = 0

  get nodes (): readonly ChangeNode[] { return this.#nodes }

  /** The changes that no other builds on: the document's heads, in the order of their hashes. */
  get heads (): readonly ChangeNode[] {
    return [...this.#heads].sort((a, b) => a.candidate.hash < b.candidate.hash ? -1 : 1)
  }

  /** By the change's hash, hex. */
  withHash (hash: string): ChangeNode | undefined { return this.#byHash.get(hash) }

  /** By the envelope's id, hex. */
  withId (id: string): ChangeNode | undefined { return this.#byId.get(id) }

  /** Adds a candidate whose predecessor and dependencies are in the graph, unless something is wrong with it. */
  add (candidate: Candidate): Problem | undefined {
    const { envelope: { header: { prev }, origin }, change } = candidate
    const place = {
      prev: prev === undefined ? undefined : this.withId(hexOf(prev)),
      deps: change.deps.flatMap((dep) => this.withHash(hexOf(dep)) ?? []),
      actor: hexOf(change.actor)
    }
    const problem = this.#findProblem(candidate, place)
    if (problem !== undefined) return problem
    const objects = checkOperations(candidate, (id) => this.#findObjects(id, place.deps))
    if (typeof objects === 'string') return { reason: objects }
    if (this.#forks(place.prev)) this.#tips.set(origin, (this.#tips.get(origin) ?? 0) + 1)
    if (place.prev !== undefined) place.prev.followers++
    this.#insert(candidate, place, objects)
    return undefined
  }

  /** Whether one of these changes is `ancestor` or builds on it, directly or through others. Looks at nothing older than it. */
  descends (from: readonly ChangeNode[], ancestor: ChangeNode): boolean {
    const search = ++this.#searches
    const open = [...from]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node === ancestor || ancestor.order < node.covers) return true
      if (node.seenBy === search || node.order < ancestor.order) continue
      node.seenBy = search
      open.push(...node.deps)
    }
    return false
  }

  #findProblem ({ envelope: { header, origin }, change }: Candidate, { prev, deps, actor }: Place): Problem | undefined {
    const due = prev?.actor === actor ? prev.seq + 1 : 1
    const startOp = nextOp(deps)
    const twin = this.#byActor.get(actor)?.[change.seq - 1]
    if (header.seq !== (prev?.feedSeq ?? 0) + 1 || (prev !== undefined && prev.origin !== origin)) return { reason: 'its predecessor is not the envelope before it in its feed' }
    if (change.seq !== due) return { reason: `it is change ${change.seq} of its actor, where ${due} was due` }
    if (twin !== undefined) return { reason: 'two lives of its origin write as one: this node has another change of the same actor and number. Run one copy of a node only; start the other one anew', twin }
    if (change.startOp !== startOp) return { reason: `its operations start at ${change.startOp}, where ${startOp} was due` }
    if (prev !== undefined && !this.descends(deps, prev)) return { reason: 'it does not build on its predecessor' }
    if (this.#forks(prev) && (this.#tips.get(origin) ?? 0) >= maxTips) return { reason: `its origin has ${maxTips} paths already: it is cloned, or loses its disk, over and over` }
    return undefined
  }

  /** The objects of the change that made an operation, if one of these changes builds on it. */
  #findObjects ({ actor, counter }: OperationId, from: readonly ChangeNode[]): ObjectDepths | undefined {
    const changes = this.#byActor.get(actor) ?? []
    let [low, high] = [0, changes.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((changes[middle] as ChangeNode).maxOp < counter) low = middle + 1
      else high = middle
    }
    const made = changes[low]
    return made !== undefined && made.startOp <= counter && this.descends(from, made) ? made.objects : undefined
  }

  /** Whether an envelope after this one begins a further path of its feed. */
  #forks (prev: ChangeNode | undefined): boolean {
    return prev === undefined || prev.followers > 0
  }

  #insert ({ id, hash, envelope: { header, origin }, change: { seq, startOp, opCount } }: Candidate, { prev, deps, actor }: Place, objects: ObjectDepths): void {
    for (const dep of deps) this.#heads.delete(dep)
    const order = this.#nodes.length
    const covers = this.#heads.size === 0 ? order : Math.max(0, ...deps.map((dep) => dep.covers === dep.order ? dep.order + 1 : dep.covers))
    const node: ChangeNode = { candidate: { id, hash }, origin, feedSeq: header.seq, prev, actor, seq, startOp, maxOp: startOp + opCount - 1, objects, deps, order, covers, followers: 0, seenBy: 0 }
    this.#nodes.push(node)
    this.#heads.add(node)
    this.#byHash.set(hash, node)
    this.#byId.set(id, node)
    const changes = this.#byActor.get(actor)
    if (changes === undefined) this.#byActor.set(actor, [node])
    else changes.push(node)
  }
}

/** The counter that the first operation of a change has that builds on these. */
export function nextOp (deps: readonly ChangeNode[]): number {
  return deps.reduce((most, { maxOp }) => Math.max(most, maxOp), 0) + 1
}
