import { join } from 'node:path'
import { isJournalName, checkJournalName } from '../journal-name.ts'
import type { Did } from '../did.ts'
import type { FeedId, FeedState } from '../transport.ts'
import type { Feed } from './feed.ts'
import { Journal } from './journal.ts'
import type { JournalContext } from './journal-context.ts'

/** All journals of a node, and the one place that tells when any of them grew. */
export class Journals {
  readonly #folder: string
  readonly #context: JournalContext
  readonly #journals = new Map<string, Promise<Journal>>()
  readonly #open = new Map<string, Journal>()
  readonly #listeners = new Set<(feed: Feed) => void>()
  readonly #closing = new AbortController()

  /** `folder` is made if it is missing: it holds a folder for each journal. */
  constructor (folder: string, context: Omit<JournalContext, 'changed'>) {
    this.#folder = folder
    this.#context = { ...context, changed: (feed) => this.#listeners.forEach((listener) => listener(feed)) }
  }

  /**
   * Opens what is on disk. Resolves when every feed is readable.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  async open (): Promise<void> {
    const { disk } = this.#context
    await disk.makeFolder(this.#folder)
    for (const name of await disk.list(this.#folder)) if (isJournalName(name)) await this.get(name)
  }

  /** The journals there are, by name. */
  all (): readonly Journal[] {
    return [...this.#open.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  }

  /** Ids, hex, of envelopes during whose application the process died twice: they are refused. */
  get quarantined (): ReadonlySet<string> { return this.#context.mark.quarantined }

  /** A journal that exists. */
  find (name: string): Journal | undefined {
    return this.#open.get(name)
  }

  /** A journal, which exists from now on. Throws `MESH_JOURNAL_NAME_INVALID`, `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  async get (name: string): Promise<Journal> {
    checkJournalName(name)
    let opening = this.#journals.get(name)
    if (opening === undefined) {
      opening = Journal.open(name, join(this.#folder, name), this.#context)
      this.#journals.set(name, opening)
      opening.then((journal) => this.#open.set(name, journal), () => this.#journals.delete(name))
    }
    return await opening
  }

  /** Every feed that holds something. */
  feeds (): readonly Feed[] {
    return this.all().flatMap(({ feeds }) => feeds)
  }

  /** A feed that is here. */
  feed (id: FeedId): Feed | undefined {
    return this.#open.get(id.journal)?.feedOf(id)
  }

  /** What this node has, for the journals that `includes` takes. */
  states (includes: (journal: string) => boolean = () => true): readonly FeedState[] {
    return this.feeds().filter(({ id }) => includes(id.journal)).map(({ state }) => state)
  }

  /** Takes in what was parked of an origin, which is admitted from now on. */
  async unpark (origin: Did): Promise<void> {
    for (const journal of this.all()) await journal.unpark(origin)
  }

  /** Calls `listener` for each feed that has new durable envelopes. Returns the way to stop it. */
  onChange (listener: (feed: Feed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Aborts when the journals close. */
  get closing (): AbortSignal { return this.#closing.signal }

  /** Resolves when pending writes are done and files are closed. */
  async close (): Promise<void> {
    this.#closing.abort()
    for (const opening of this.#journals.values()) await (await opening.catch(() => undefined))?.close()
  }
}
