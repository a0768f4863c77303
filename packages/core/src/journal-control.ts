import type {
  Acknowledgement, Convergence, EntryView, ImportResult, JournalHandle, JournalStats, JournalStatus, NewEntry, ReadOptions, StateView, TailOptions
} from './control.ts'
import { MeshError } from './errors.ts'
import { followEntries, followStatus } from './journal-control/following.ts'
import { importResultOf } from './journal-control/import-result.ts'
import { statsOf, statusOf, type NameOf } from './journal-control/journal-view.ts'
import { JournalWrites, type JournalWriteOptions } from './journal-control/journal-writes.ts'
import { checkJournalName } from './journal-name.ts'
import type { Journals } from './journal/journals.ts'
import { mergePatch } from './journal/merge-patch.ts'
import type { EntryPage } from './journal/reading.ts'
import { hexOf } from './journal/state/hex.ts'
import { headsOf } from './sync/convergence.ts'
import type { Inbox } from './sync/inbox.ts'
import type { Sharing } from './sync/sharing.ts'

export interface JournalControlOptions extends JournalWriteOptions {
  readonly journals: Journals
  readonly inbox: Inbox
  readonly sharing: Pick<Sharing, 'admits'>
  readonly nameOf: NameOf
  readonly convergence: (journal: string) => Convergence
}

/** A cursor that covers nothing. */
const emptyCursor = Buffer.from([0xa0]).toString('base64url')
/** Nothing in a journal is too far behind to be exported one by one. */
const exportOptions = { maxEnvelopes: 0 }

/** What the operator and agents do with journals. */
export class JournalControl {
  readonly #options: JournalControlOptions
  readonly #writes: JournalWrites

  constructor (options: JournalControlOptions) {
    this.#options = options
    this.#writes = new JournalWrites(options)
  }

  all (): readonly JournalStatus[] {
    const { journals, nameOf } = this.#options
    return journals.all().map((journal) => statusOf(journal, nameOf))
  }

  async append (name: string, entries: readonly NewEntry[]): Promise<Acknowledgement> {
    checkJournalName(name)
    return await this.#writes.append(name, entries, () => this.#options.journals.get(name))
  }

  async read (name: string, options: ReadOptions = {}): Promise<EntryPage> {
    checkJournalName(name)
    return await this.#options.journals.find(name)?.read(options) ?? { entries: [], cursor: options.since ?? emptyCursor }
  }

  tail (name: string, options: TailOptions = {}): AsyncGenerator<{ entry: EntryView, cursor: string }> {
    return followEntries({ journals: this.#options.journals, name }, (page) => this.read(name, page), options)
  }

  async handle (name: string): Promise<JournalHandle> {
    const { journals, nameOf, convergence } = this.#options
    const journal = await journals.get(name)
    return {
      name,
      append: (entries) => this.append(name, Array.isArray(entries) ? entries : [entries as NewEntry]),
      change: (edit) => this.#writes.change(journal, edit),
      get state () { return journal.state.value },
      read: (options) => this.read(name, options),
      tail: (options) => this.tail(name, options),
      watch: ({ signal } = {}) => followStatus({ journals, name }, () => statusOf(journal, nameOf), signal),
      get heads () { return headsOf(journal.feeds.map(({ state }) => state)) },
      convergence: () => convergence(name)
    }
  }

  state (name: string): StateView {
    checkJournalName(name)
    const state = this.#options.journals.find(name)?.state
    if (state === undefined) return { value: {}, heads: [], vouched: [] }
    return { value: state.value, heads: state.heads.map(hexOf).sort(), vouched: state.vouched.filter(({ origin }) => !this.#options.sharing.admits(origin)) }
  }

  async patchState (name: string, patch: unknown): Promise<StateView> {
    checkJournalName(name)
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw new MeshError('MESH_ENTRY_INVALID', 'A merge patch for a state must be a JSON object (RFC 7396).')
    if (namesPrototype(patch)) throw new MeshError('MESH_ENTRY_INVALID', 'A merge patch must not name "__proto__". Choose another key.')
    await this.#writes.change(await this.#options.journals.get(name), (draft) => mergePatch(draft, patch as Record<string, unknown>))
    return this.state(name)
  }

  async stats (name: string): Promise<JournalStats> {
    checkJournalName(name)
    const { journals, durability, nameOf } = this.#options
    const journal = journals.find(name)
    const stats = journal === undefined ? { name, entries: 0, origins: [], bytes: 0, parked: [] } : await statsOf(journal, nameOf)
    return { ...stats, durability }
  }

  async * exportItems (name: string): AsyncGenerator<Uint8Array> {
    checkJournalName(name)
    for (const feed of this.#options.journals.find(name)?.feeds ?? []) {
      for await (const { bytes } of feed.serve([], [], exportOptions)) yield bytes
    }
  }

  async importItems (items: readonly Uint8Array[]): Promise<ImportResult> {
    const { verdicts } = await this.#options.inbox.receive(items, { kind: 'shared', name: 'import' })
    return importResultOf(verdicts)
  }
}

/** JSON can name what is the prototype of every object in JavaScript: written to, it would change them all. */
function namesPrototype (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype)
}
