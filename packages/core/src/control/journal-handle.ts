import type { Convergence } from './convergence.ts'
import type { Acknowledgement, EntryView, NewEntry, ReadOptions, TailOptions } from './entries.ts'
import type { JournalStatus } from './journal-status.ts'

/** An agent's journal, for programs that embed a node. */
export interface JournalHandle {
  readonly name: string
  /** Resolves once the entries are as durable as the acknowledgement says. Throws as `NodeControl.append`. */
  append (entries: NewEntry | readonly NewEntry[]): Promise<Acknowledgement>
  /**
   * Changes the state document. `edit` changes the draft in place and must not keep it. Resolves once the change is
   * as durable as the acknowledgement says, or to `undefined` when nothing changed. What `edit` throws rejects, and
   * nothing is changed. `edit` may run twice.
   */
  change (edit: (draft: Record<string, unknown>) => void): Promise<Omit<Acknowledgement, 'ids'> | undefined>
  /** The state as a plain value; a new one at each look. */
  readonly state: unknown
  read (options?: ReadOptions): Promise<{ readonly entries: readonly EntryView[], readonly cursor: string }>
  /** Entries as they come, from all nodes. Late arrivals come too, so ids need not ascend between them; each comes once. */
  tail (options?: TailOptions): AsyncIterable<{ readonly entry: EntryView, readonly cursor: string }>
  /** Says what there is, at once and after each change of the log or the state. Several changes may show as one. */
  watch (options?: Pick<TailOptions, 'signal'>): AsyncIterable<JournalStatus>
  /** Automerge heads, hex, sorted: equal on all nodes that have the same. */
  readonly heads: readonly string[]
  convergence (): Convergence
}
