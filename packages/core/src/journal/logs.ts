import { join } from 'node:path'
import { isDid, type Did } from '../did.ts'
import type { JournalContext } from './journal-context.ts'
import { LogFeed } from './log/log-feed.ts'

/** The logs of one journal, one of each origin, each in a folder of its own. */
export class Logs {
  readonly #journal: string
  readonly #folder: string
  readonly #context: JournalContext
  readonly #logs = new Map<Did, Promise<LogFeed>>()
  readonly #open = new Map<Did, LogFeed>()

  private constructor (journal: string, folder: string, context: JournalContext) {
    this.#journal = journal
    this.#folder = folder
    this.#context = context
  }

  /** Opens those in the journal's folder, which is there. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (journal: string, folder: string, context: JournalContext): Promise<Logs> {
    const logs = new Logs(journal, folder, context)
    for (const name of await context.disk.list(folder)) {
      const origin = originOf(name)
      if (origin !== undefined) await logs.of(origin)
    }
    return logs
  }

  /** Those that are here, sorted by origin. */
  get all (): readonly LogFeed[] {
    return [...this.#open.values()].sort((a, b) => a.id.origin < b.id.origin ? -1 : 1)
  }

  /** An origin's log, if it is here. */
  find (origin: Did): LogFeed | undefined {
    return this.#open.get(origin)
  }

  /** This node's own log, if it is here. */
  get own (): LogFeed | undefined {
    return this.#open.get(this.#context.identity.did)
  }

  /** An origin's log; its folder is made if need be. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  of (origin: Did): Promise<LogFeed> {
    let opening = this.#logs.get(origin)
    if (opening === undefined) {
      opening = this.#openLog(origin)
      this.#logs.set(origin, opening)
      opening.catch(() => this.#logs.delete(origin))
    }
    return opening
  }

  /** Notes that what is in a log happened before what is written from now on. */
  async see (log: LogFeed): Promise<void> {
    const { hybridClock, identity } = this.#context
    for (const id of await log.lastEntryIds()) hybridClock.see(id, log.id.origin === identity.did)
  }

  /** Resolves when pending writes are done and files are closed. */
  async close (): Promise<void> {
    for (const opening of this.#logs.values()) await (await opening).close()
  }

  async #openLog (origin: Did): Promise<LogFeed> {
    const log = await LogFeed.open({ journal: this.#journal, part: 'log', origin }, join(this.#folder, origin.slice('did:key:'.length)), this.#context)
    this.#open.set(origin, log)
    return log
  }
}

/** Whose log a folder holds. */
export function originOf (folder: string): Did | undefined {
  const did = `did:key:${folder}`
  return isDid(did) ? did : undefined
}
