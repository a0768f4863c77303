import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import { SerialQueue } from '../serial-queue.ts'
import { readTrustFile, writeTrustFile, type Cut, type Decision, type Decisions } from './trust-file.ts'

export type { Cut } from './trust-file.ts'

/** What the operator decided about nodes, kept in `trust.json`. */
export class TrustStore {
  readonly #path: string
  readonly #clock: Clock
  readonly #writes = new SerialQueue()
  #decisions: Decisions = { trusted: new Map(), blocked: new Map(), untrusted: new Map() }

  constructor (path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** Reads the file, if there is one. Throws `MESH_DISK_FAILED` when it cannot be read or understood: nobody is trusted by guess. */
  async open (): Promise<void> {
    this.#decisions = await readTrustFile(this.#path)
  }

  /** The operator's decision about a node, if there is one. `untrusted`: trust was withdrawn. */
  get (did: Did): 'trusted' | 'blocked' | 'untrusted' | undefined {
    const { trusted, blocked, untrusted } = this.#decisions
    if (blocked.has(did)) return 'blocked'
    if (untrusted.has(did)) return 'untrusted'
    return trusted.has(did) ? 'trusted' : undefined
  }

  /** What was had of the feeds of a node when trust in it was withdrawn; none unless it is withdrawn now. */
  cutOf (did: Did): Cut | undefined {
    return this.#decisions.untrusted.get(did)?.cut
  }

  /** What a node was called when it was decided about, if it had a name then. */
  nameOf (did: Did): string | undefined {
    const name = this.#decisionOn(did)?.name
    return name === '' ? undefined : name
  }

  /** Every node that was decided about, with the name it had then. */
  all (): readonly { readonly did: Did, readonly name: string }[] {
    const { trusted, blocked, untrusted } = this.#decisions
    return [...new Set([...blocked.keys(), ...untrusted.keys(), ...trusted.keys()])].map((did) => ({ did, name: this.#decisionOn(did)?.name ?? '' }))
  }

  /** Trusts a node. Resolves when that is on disk; throws `MESH_DISK_FAILED` and trusts nobody otherwise. */
  trust (did: Did, name: string): Promise<void> {
    return this.#change(({ trusted, blocked, untrusted }) => {
      if (this.get(did) === 'trusted') return undefined
      return { trusted: new Map(trusted).set(did, this.#decide(name)), blocked: without(blocked, did), untrusted: without(untrusted, did) }
    })
  }

  /**
   * Withdraws trust in a node, however it came to be trusted. Doing it again keeps the first cut. Resolves when that is
   * on disk; throws `MESH_DISK_FAILED` and changes nothing otherwise.
   */
  untrust (did: Did, name: string, cut: Cut): Promise<void> {
    return this.#change(({ trusted, blocked, untrusted }) => {
      if (untrusted.has(did)) return undefined
      return { trusted: without(trusted, did), blocked, untrusted: new Map(untrusted).set(did, { ...this.#decide(name), cut }) }
    })
  }

  #change (next: (decisions: Decisions) => Decisions | undefined): Promise<void> {
    return this.#writes.run(async () => {
      const decisions = next(this.#decisions)
      if (decisions === undefined) return
      await writeTrustFile(this.#path, decisions)
      this.#decisions = decisions
    })
  }

  #decide (name: string): Decision {
    return { name, since: new Date(this.#clock.now()).toISOString() }
  }

  #decisionOn (did: Did): Decision | undefined {
    const { trusted, blocked, untrusted } = this.#decisions
    return blocked.get(did) ?? untrusted.get(did) ?? trusted.get(did)
  }
}

function without<Value> (map: ReadonlyMap<Did, Value>, did: Did): ReadonlyMap<Did, Value> {
  return new Map([...map].filter(([key]) => key !== did))
}
