import type {
  Acknowledgement, Convergence, EntryView, ImportResult, JournalHandle, JournalStats, JournalStatus, NewEntry, ParkedStatus, ReadOptions, StateView, TailOptions
} from './control.ts'
import type { Did } from './did.ts'
import { isMeshError, MeshError } from './errors.ts'
import { isTapped, runHook, type Hooks, type PendingWrite } from './hooks.ts'
import { checkJournalName } from './journal-name.ts'
import type { Journal } from './journal/journal.ts'
import type { Journals } from './journal/journals.ts'
import type { Notices } from './notices.ts'
import { readEntryId } from './journal/hybrid-clock.ts'
import { mergePatch } from './journal/merge-patch.ts'
import type { Durability } from './storage/disk.ts'
import { headsOf } from './sync/convergence.ts'
import type { Inbox } from './sync/inbox.ts'
import type { Sharing } from './sync/sharing.ts'

export interface JournalControlOptions {
  readonly journals: Journals
  readonly inbox: Inbox
  readonly sharing: Pick<Sharing, 'admits'>
  readonly hooks: Hooks
  readonly notices: Notices
  readonly durability: Durability
  readonly nameOf: (did: Did) => string
  readonly convergence: (journal: string) => Convergence
}

/** A cursor that covers nothing. */
const emptyCursor = Buffer.from([0xa0]).toString('base64url')
const tailPage = 512
/** Nothing in a journal is too far behind to be exported one by one. */
const exportOptions = { maxEnvelopes: 0 }

/** What the operator and agents do with journals. */
export class JournalControl {
  readonly #options: JournalControlOptions

  constructor (options: JournalControlOptions) {
    this.#options = options
  }

  all (): readonly JournalStatus[] {
    return this.#options.journals.all().map((journal) => this.#status(journal))
  }

  async append (name: string, entries: readonly NewEntry[]): Promise<Acknowledgement> {
    checkJournalName(name)
    for (const { kind = 'note', body } of entries) await this.#askBeforeWrite({ journal: name, part: 'log', kind, body })
    return await this.#noting(async () => (await this.#options.journals.get(name)).append(entries))
  }

  async read (name: string, options: ReadOptions = {}): Promise<{ entries: readonly EntryView[], cursor: string }> {
    checkJournalName(name)
    return await this.#options.journals.find(name)?.read(options) ?? { entries: [], cursor: options.since ?? emptyCursor }
  }

  async * tail (name: string, { kind, since, signal }: TailOptions = {}): AsyncGenerator<{ entry: EntryView, cursor: string }> {
    const { journals } = this.#options
    const end = signal === undefined ? journals.closing : AbortSignal.any([signal, journals.closing])
    const bell = new ChangeBell(journals, name, end)
    try {
      if (end.aborted) return
      let cursor = since ?? (await this.read(name, { limit: 0, reverse: true })).cursor
      while (!end.aborted) {
        bell.reset()
        const page = await this.read(name, { since: cursor, limit: tailPage }).catch((error: unknown) => {
          if (!end.aborted) throw error                         // what closes cannot be read any more
        })
        if (page === undefined) return
        for (const [index, entry] of page.entries.entries()) {
          const isLast = index === page.entries.length - 1
          if (kind === undefined || entry.kind === kind) yield { entry, cursor: isLast ? page.cursor : cursor }
        }
        cursor = page.cursor
        if (page.entries.length < tailPage) await bell.rung()
      }
    } finally {
      bell.stop()
    }
  }

  async handle (name: string): Promise<JournalHandle> {
    const journal = await this.#options.journals.get(name)
    return {
      name,
      append: (entries) => this.append(name, Array.isArray(entries) ? entries : [entries as NewEntry]),
      change: (edit) => this.#change(journal, edit),
      get state () { return journal.state.value },
      read: (options) => this.read(name, options),
      tail: (options) => this.tail(name, options),
      watch: (options) => this.#watch(journal, options),
      get heads () { return headsOf(journal.feeds.map(({ state }) => state)) },
      convergence: () => this.#options.convergence(name)
    }
  }

  async * #watch (journal: Journal, { signal }: Pick<TailOptions, 'signal'> = {}): AsyncGenerator<JournalStatus> {
    const { journals } = this.#options
    const end = signal === undefined ? journals.closing : AbortSignal.any([signal, journals.closing])
    const bell = new ChangeBell(journals, journal.name, end)
    try {
      while (!end.aborted) {
        bell.reset()
        yield this.#status(journal)
        await bell.rung()
      }
    } finally {
      bell.stop()
    }
  }

  state (name: string): StateView {
    checkJournalName(name)
    const state = this.#options.journals.find(name)?.state
    if (state === undefined) return { value: {}, heads: [], vouched: [] }
    return { value: state.value, heads: state.heads.map(hex).sort(), vouched: state.vouched.filter(({ origin }) => !this.#options.sharing.admits(origin)) }
  }

  async patchState (name: string, patch: unknown): Promise<StateView> {
    checkJournalName(name)
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw new MeshError('MESH_ENTRY_INVALID', 'A merge patch for a state must be a JSON object (RFC 7396).')
    if (namesPrototype(patch)) throw new MeshError('MESH_ENTRY_INVALID', 'A merge patch must not name "__proto__". Choose another key.')
    await this.#change(await this.#options.journals.get(name), (draft) => mergePatch(draft, patch as Record<string, unknown>))
    return this.state(name)
  }

  async stats (name: string): Promise<JournalStats> {
    checkJournalName(name)
    const { journals, durability, nameOf } = this.#options
    const journal = journals.find(name)
    const origins = []
    for (const log of journal?.logs ?? []) {
      const segments = log.tree.all
      const [firstId, lastId] = await log.ends()
      origins.push({
        did: log.id.origin,
        name: nameOf(log.id.origin),
        entries: log.count,
        envelopes: log.countAfter([]),
        paths: log.tree.leaves.length,
        segments: segments.length,
        sealed: segments.filter(({ base, tip, children }) => children.length > 0 && base?.seq === tip.seq).length,
        detached: log.tree.detached.length,
        ...firstId === undefined ? {} : { firstAt: timeOf(firstId) },
        ...lastId === undefined ? {} : { lastAt: timeOf(lastId) }
      })
    }
    return { name, entries: journal?.count ?? 0, origins, bytes: await journal?.bytes() ?? 0, parked: journal === undefined ? [] : this.#parked(journal), durability }
  }

  async * exportItems (name: string): AsyncGenerator<Uint8Array> {
    checkJournalName(name)
    for (const feed of this.#options.journals.find(name)?.feeds ?? []) {
      for await (const { bytes } of feed.serve([], [], exportOptions)) yield bytes
    }
  }

  async importItems (items: readonly Uint8Array[]): Promise<ImportResult> {
    const { verdicts } = await this.#options.inbox.receive(items, { kind: 'shared', name: 'import' })
    const others = new Map<string, { status: string, reason: string, items: number }>()
    for (const { status, reason = '' } of verdicts) {
      if (status === 'stored' || status === 'duplicate') continue
      const row = others.get(`${status} ${reason}`) ?? { status, reason, items: 0 }
      others.set(`${status} ${reason}`, { ...row, items: row.items + 1 })
    }
    const count = (wanted: string) => verdicts.filter(({ status }) => status === wanted).length
    return { stored: count('stored'), duplicate: count('duplicate'), others: [...others.values()] }
  }

  async #change (journal: Journal, edit: (draft: Record<string, unknown>) => void): Promise<Omit<Acknowledgement, 'ids'> | undefined> {
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

  #status (journal: Journal): JournalStatus {
    return {
      name: journal.name,
      entries: journal.count,
      heads: headsOf(journal.feeds.map(({ state }) => state)),
      origins: journal.logs.filter(({ tip }) => tip !== undefined).map(({ id, tip, count, tree }) => ({
        did: id.origin, name: this.#options.nameOf(id.origin), seq: tip?.seq ?? 0, entries: count, paths: tree.leaves.length
      })),
      parked: this.#parked(journal)
    }
  }

  #parked ({ parking }: Journal): ParkedStatus[] {
    return parking.summary.map(({ origin, why, items, bytes }) => ({ origin, name: this.#options.nameOf(origin), why, items, bytes }))
  }
}

/** JSON can name what is the prototype of every object in JavaScript: written to, it would change them all. */
function namesPrototype (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype)
}

/** Rings when a journal grows, or at the end. */
class ChangeBell {
  readonly #stop: () => void
  #rung = false
  #wake: (() => void) | undefined

  constructor (journals: Journals, name: string, end: AbortSignal) {
    const ring = () => {
      this.#rung = true
      this.#wake?.()
    }
    const unsubscribe = journals.onChange((feed) => { if (feed.id.journal === name) ring() })
    end.addEventListener('abort', ring)
    this.#stop = () => {
      unsubscribe()
      end.removeEventListener('abort', ring)
    }
  }

  reset (): void {
    this.#rung = false
  }

  rung (): Promise<void> {
    return this.#rung ? Promise.resolve() : new Promise((resolve) => { this.#wake = resolve })
  }

  stop (): void {
    this.#stop()
  }
}

function timeOf (entryId: string): string {
  return new Date(readEntryId(entryId).millis).toISOString()
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
