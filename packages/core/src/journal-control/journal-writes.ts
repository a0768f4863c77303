import type { Acknowledgement, NewEntry } from '../control.ts'
import { isMeshError, MeshError } from '../errors.ts'
import { isTapped, runHook, type Hooks, type PendingWrite } from '../hooks.ts'
import type { Journal } from '../journal/journal.ts'
import type { Notices } from '../notices.ts'
import type { Durability } from '../storage/disk.ts'

export interface JournalWriteOptions {
  readonly hooks: Hooks
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
    for (const { kind = 'note', body } of entries) await this.#askBeforeWrite({ journal: name, part: 'log', kind, body })
    return await this.#noting(async () => (await open()).append(entries))
  }

  /** As `JournalHandle.change`. */
  async change (journal: Journal, edit: (draft: Record<string, unknown>) => void): Promise<Omit<Acknowledgement, 'ids'> | undefined> {
    if (isTapped(this.#options.hooks.beforeWrite)) {
      const draft = structuredClone(journal.state.value) as Record<string, unknown>
      edit(draft)
      await this.#askBeforeWrite({ journal: journal.name, part: 'state', kind: 'state', body: draft })
    }
    const envelope = await this.#noting(() => journal.change(edit))
    return envelope === undefined ? undefined : { seq: envelope.header.seq, durability: this.#options.durability }
  }

  async #askBeforeWrite (write: PendingWrite): Promise<void> {
    const { beforeWrite } = this.#options.hooks
    if (!isTapped(beforeWrite)) return
    const veto = await runHook('beforeWrite', () => beforeWrite.promise(write))
    if (veto !== undefined) throw new MeshError('MESH_WRITE_VETOED', `A plugin refuses to write this into "${write.journal}": ${veto.reason}`)
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
