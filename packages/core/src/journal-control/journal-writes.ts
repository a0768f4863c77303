import type { Acknowledgement, NewEntry } from '../control.ts'
import { isMeshError } from '../errors.ts'
import type { Journal } from '../journal/journal.ts'
import type { Notices } from '../notices.ts'
import type { Durability } from '../storage/disk.ts'
import type { Writes } from '../write-gate.ts'

export interface JournalWriteOptions {
  readonly writes: Writes
  readonly notices: Notices
  readonly durability: Durability
}

/** What is written by this node itself: plugins are asked before, and a disk that fails is noted. */
export class JournalWrites {
  readonly #options: JournalWriteOptions

  constructor (options: JournalWriteOptions) {
    this.#options = options
  }

  /** As `NodeControl.append`; `open` resolves to the journal, when no plugin refuses. */
  async append (name: string, entries: readonly NewEntry[], open: () => Promise<Journal>): Promise<Acknowledgement> {
    const { writes } = this.#options
    const written = writes.isGuarded ? entries.map(asWritten) : entries
    for (const { kind = 'note', body } of written) await writes.ask({ journal: name, part: 'log', kind, body })
    return await this.#noting(async () => (await open()).append(written))
  }

  /** As `JournalHandle.change`. */
  async change (journal: Journal, edit: (draft: Record<string, unknown>) => void): Promise<Omit<Acknowledgement, 'ids'> | undefined> {
    const { writes } = this.#options
    if (writes.isGuarded) {
      const draft = structuredClone(journal.state.value) as Record<string, unknown>
      edit(draft)
      await writes.ask({ journal: journal.name, part: 'state', kind: 'state', body: draft })
    }
    const envelope = await this.#noting(() => journal.change(edit))
    return envelope === undefined ? undefined : { seq: envelope.header.seq, durability: this.#options.durability }
  }

  /** Whoever looks at the node is to see that its disk fails, not only whoever wrote. */
  async #noting<Result> (write: () => Promise<Result>): Promise<Result> {
    try {
      return await write()
    } catch (error) {
      if (isMeshError(error, 'MESH_DISK_FAILED')) this.#options.notices.add('MESH_DISK_FAILED', error.message)
      throw error
    }
  }
}

/** The body as JSON has it: what plugins look at is what is written, whatever becomes of the caller's object meanwhile. What JSON cannot have is refused later. */
function asWritten (entry: NewEntry): NewEntry {
  try {
    const text = JSON.stringify(entry.body) as string | undefined
    return text === undefined ? entry : { ...entry, body: JSON.parse(text) as unknown }
  } catch {
    return entry
  }
}
