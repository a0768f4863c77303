import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { isDid } from '../did.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import { checkJournalName, isJournalName } from '../journal-name.ts'
import type { Logger } from '../logger.ts'
import type { Random } from '../random.ts'
import type { FeedId, FeedState } from '../transport.ts'
import type { Feed } from './feed.ts'
import { HybridClock } from './hybrid-clock.ts'
import { Journal, type JournalContext } from './journal.ts'

export interface JournalsOptions {
  /** Made if it is missing: `<folder>/<journal>/<origin>.feed`. */
  readonly folder: string
  readonly meshId: string
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const suffix = '.feed'

/** All journals of a node, and the one place that tells when any of them grew. */
export class Journals {
  readonly #options: JournalsOptions
  readonly #context: JournalContext
  readonly #journals = new Map<string, Journal>()
  readonly #listeners = new Set<(feed: Feed) => void>()

  constructor (options: JournalsOptions) {
    this.#options = options
    const { meshId, identity, clock, random } = options
    this.#context = {
      meshId,
      identity,
      clock,
      hybridClock: new HybridClock(clock, random),
      newActor: () => random.bytes(16),
      changed: (feed) => this.#listeners.forEach((listener) => listener(feed))
    }
  }

  /**
   * Opens what is on disk. Resolves when every feed is readable.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  async open (): Promise<void> {
    for (const name of await this.#list(this.#options.folder)) {
      if (!isJournalName(name)) continue
      for (const file of await this.#list(join(this.#options.folder, name))) {
        const origin = `did:key:${file.slice(0, -suffix.length)}`
        if (file.endsWith(suffix) && isDid(origin)) this.#check(await this.get(name).feed(origin))
      }
    }
  }

  /** The journals there are, by name. */
  all (): readonly Journal[] {
    return [...this.#journals.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  }

  /** A journal that exists. */
  find (name: string): Journal | undefined {
    return this.#journals.get(name)
  }

  /** A journal, which exists from now on. Throws `MESH_JOURNAL_NAME_INVALID`. */
  get (name: string): Journal {
    checkJournalName(name)
    let journal = this.#journals.get(name)
    if (journal === undefined) {
      journal = new Journal(name, join(this.#options.folder, name), this.#context)
      this.#journals.set(name, journal)
    }
    return journal
  }

  /** Every feed that holds something. */
  feeds (): readonly Feed[] {
    return this.all().flatMap(({ feeds }) => feeds).filter(({ tip }) => tip !== undefined)
  }

  /** A feed that is there. Parts other than the log are not kept yet. */
  feed ({ journal, part, origin }: FeedId): Feed | undefined {
    return part === 'log' ? this.#journals.get(journal)?.feedOf(origin) : undefined
  }

  /** What this node has, for the journals that `includes` takes. */
  states (includes: (journal: string) => boolean = () => true): readonly FeedState[] {
    return this.feeds().filter(({ id }) => includes(id.journal)).map(({ state }) => state)
  }

  /** Calls `listener` for each feed that has new durable envelopes. Returns the way to stop it. */
  onChange (listener: (feed: Feed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when pending writes are done and files are closed. */
  async close (): Promise<void> {
    for (const journal of this.#journals.values()) await journal.close()
  }

  #check ({ id, damage }: Feed): void {
    if (damage === undefined) return
    const file = join(this.#options.folder, id.journal, `${id.origin.slice('did:key:'.length)}${suffix}`)
    if (damage === 'torn tail') return this.#options.logger.info('cut a record that a crash left unfinished', { file })
    if (id.origin === this.#options.identity.did) throw this.#ownDamage(file)
    this.#options.logger.warn('a feed was damaged on disk: the good part is kept, peers will send the rest again', { file, copy: `${file}.damaged` })
  }

  /** Writing on after the good part would make a second history of what this node has already said. */
  #ownDamage (file: string): MeshError {
    return new MeshError('MESH_DISK_FAILED', `This node's own feed ${file} is damaged; the whole file was copied to ${file}.damaged and the good part kept. To lose nothing, restore the file from a backup; to take the rest from peers, start once more and write nothing until "akshi wait --converged" succeeds.`)
  }

  async #list (folder: string): Promise<string[]> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return await readdir(folder)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOTDIR') return []
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return []
      throw new MeshError('MESH_DISK_FAILED', `Cannot read ${folder}: ${describeError(cause)}. Check who owns it.`, { cause })
    }
  }
}
