import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Clock } from '../clock.ts'
import { isDid, type Did } from '../did.ts'
import { describeError, MeshError } from '../errors.ts'
import { SerialQueue } from '../serial-queue.ts'

const Decisions = Type.Record(Type.String(), Type.Object({ name: Type.String(), since: Type.String() }))
const TrustFile = Type.Object({ version: Type.Literal(1), trusted: Decisions, blocked: Decisions })

interface Decision { readonly name: string, readonly since: string }

/** What the operator decided about nodes, kept in `trust.json`. */
export class TrustStore {
  readonly #path: string
  readonly #clock: Clock
  readonly #writes = new SerialQueue()
  readonly #trusted = new Map<Did, Decision>()
  readonly #blocked = new Map<Did, Decision>()

  constructor (path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** Reads the file, if there is one. Throws `MESH_DISK_FAILED` when it cannot be read or understood: nobody is trusted by guess. */
  async open (): Promise<void> {
    const content = await this.#read()
    if (content === undefined) return
    if (!Value.Check(TrustFile, content)) throw this.#unreadable('it is not a trust file of version 1')
    for (const [decisions, target] of [[content.trusted, this.#trusted], [content.blocked, this.#blocked]] as const) {
      for (const [did, decision] of Object.entries(decisions)) {
        if (!isDid(did)) throw this.#unreadable(`"${did}" is not a DID`)
        target.set(did, decision)
      }
    }
  }

  /** The operator's decision about a node, if there is one. */
  get (did: Did): 'trusted' | 'blocked' | undefined {
    return this.#blocked.has(did) ? 'blocked' : this.#trusted.has(did) ? 'trusted' : undefined
  }

  /** What a node was called when it was decided about, if it had a name then. */
  nameOf (did: Did): string | undefined {
    const name = (this.#blocked.get(did) ?? this.#trusted.get(did))?.name
    return name === '' ? undefined : name
  }

  /** Every node that was decided about, with the name it had then. */
  all (): readonly { readonly did: Did, readonly name: string }[] {
    return [...this.#blocked, ...this.#trusted].map(([did, { name }]) => ({ did, name }))
  }

  /** Trusts a node. Resolves when that is on disk; throws `MESH_DISK_FAILED` and trusts nobody otherwise. */
  trust (did: Did, name: string): Promise<void> {
    return this.#writes.run(async () => {
      if (this.get(did) === 'trusted') return
      const trusted = new Map(this.#trusted).set(did, { name, since: new Date(this.#clock.now()).toISOString() })
      const blocked = new Map(this.#blocked)
      blocked.delete(did)
      await this.#write({ version: 1, trusted: Object.fromEntries(trusted), blocked: Object.fromEntries(blocked) })
      this.#trusted.set(did, trusted.get(did) as Decision)
      this.#blocked.delete(did)
    })
  }

  async #read (): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8'))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw this.#unreadable(describeError(cause), cause)
    }
  }

  async #write (content: object): Promise<void> {
    const temporary = `${this.#path}.tmp`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(content, null, 2) + '\n')
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.#path)
    } catch (cause) {
      throw new MeshError('MESH_DISK_FAILED', `Cannot write ${this.#path}: ${describeError(cause)}. Check free space and who owns the folder.`, { cause })
    }
  }

  #unreadable (reason: string, cause?: unknown): MeshError {
    return new MeshError('MESH_DISK_FAILED', `Cannot use ${this.#path}: ${reason}. Repair it, or move it away and trust your peers again.`, { cause })
  }
}
