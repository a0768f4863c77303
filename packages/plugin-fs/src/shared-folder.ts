import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describeError, MeshError, type Did, type FeedId, type FeedState, type Verdict } from '@akshi/core'
import { inChunks } from './chunks.ts'
import { diskFailed, errorCode, folderMode, isFolder, makeFolder, syncFolder } from './disk.ts'
import { FeedFolder, type FeedFolderOptions, type Parcel } from './feed-folder.ts'
import { feedOf, feedPath, isFeedFolderName, isHiddenName, isJournalFolderName, meshPath } from './folder-layout.ts'

const rechecksPerScan = 256

/** What the folder of a mesh needs to know. */
export interface SharedFolderOptions extends FeedFolderOptions {
  /** The node whose feeds may be cleaned here: its own. */
  readonly own: Did
}

/** The part of the shared folder that belongs to one mesh. Calls must not overlap. Paths in it are relative to the folder. */
export class SharedFolder {
  readonly #options: SharedFolderOptions
  readonly #mesh: string
  readonly #feeds = new Map<string, FeedFolder>()
  /** Folders whose names in the folder above are known to be durable. */
  readonly #anchored = new Set<string>()
  #scans = 0
  #isNew = false

  constructor (options: SharedFolderOptions) {
    this.#options = options
    this.#mesh = meshPath(options.meshId)
  }

  /** What the folder has of each feed, as of the last scan and write. */
  get states (): FeedState[] {
    return [...this.#feeds.values()].flatMap(({ state }) => state ?? [])
  }

  /** Absolute paths of all folders that a change may show in. */
  get watchable (): Set<string> {
    const paths = [...this.#feeds.keys()].flatMap((path) => levels(path))
    return new Set(['', this.#mesh, ...paths].map((path) => join(this.#options.dir, path)))
  }

  /** True when a change of `name` in `folder` (absolute) is no news: a file seen or written before, or one being written. */
  knows (folder: string, name: string): boolean {
    return isHiddenName(name) || this.#feeds.get(relative(this.#options.dir, folder))?.knows(name) === true
  }

  /** True, once, when items came or went since the last time other than by this node's writes. */
  takeNews (): boolean {
    const isNew = this.#isNew
    this.#isNew = false
    return isNew
  }

  /**
   * Looks at what has changed. The folder is made if the one above it is there.
   *
   * @throws MeshError `MESH_DISK_FAILED` when the folder is out of reach; what is wrong inside it is reported only.
   */
  async scan (signal: AbortSignal): Promise<void> {
    const found = await this.#findFeeds().catch((error: unknown) => {
      this.#isNew = true                                                            // once it is back
      throw error
    })
    this.#keepOnly(new Set(found))
    const turn = this.#scans++ % Math.max(1, found.length)
    for (const [index, path] of found.entries()) await this.#refresh(path, index === turn ? rechecksPerScan : 0, signal)
  }

  /** The folder of a feed, as of the last scan, or now if it was not there then. Rejects as `scan` does. */
  async find (feed: FeedId, signal: AbortSignal): Promise<FeedFolder | undefined> {
    await this.#open()
    const path = feedPath(this.#options.meshId, feed)
    if (!this.#feeds.has(path)) await this.scan(signal)
    return this.#feeds.get(path)
  }

  /** What the folder has of these feeds, as of the last scan and write. */
  statesOf (feeds: readonly FeedId[]): FeedState[] {
    const paths = new Set(feeds.map((feed) => feedPath(this.#options.meshId, feed)))
    return [...paths].flatMap((path) => this.#feeds.get(path)?.state ?? [])
  }

  /**
   * Writes what is not there. Resolves when all that it calls stored or duplicate is durable. A feed that cannot be
   * written does not keep back the others. In feeds of this node, what a new snapshot of a sealed segment makes
   * superfluous is deleted then.
   *
   * @throws MeshError `MESH_DISK_FAILED` when nothing could be written, or not be made durable.
   */
  async write (items: readonly Parcel[], signal: AbortSignal): Promise<Verdict[]> {
    await this.#open()
    const feeds = new Map<string, Promise<FeedFolder>>()
    const outcomes = await inChunks(items, signal, async (item) => {
      const path = feedPath(this.#options.meshId, feedOf(item.envelope))
      const feed = feeds.get(path) ?? this.#prepare(path, signal)
      feeds.set(path, feed)
      return await feed.then((ready) => ready.put(item)).then((status) => ({ status, path }), (error: unknown) => this.#failed('write to', path, error))
    })
    const written = outcomes.flatMap((outcome) => outcome instanceof MeshError ? [] : outcome.path)
    if (written.length === 0) for (const outcome of outcomes) if (outcome instanceof MeshError) throw outcome
    for (const path of new Set(written)) await this.#anchor(path)
    const own = items.map(({ envelope }) => feedOf(envelope)).filter(({ origin }) => origin === this.#options.own)
    for (const path of new Set(own.map((feed) => feedPath(this.#options.meshId, feed)))) await this.#feeds.get(path)?.clean(signal)
    return outcomes.map((outcome) => outcome instanceof MeshError ? { status: 'failed', reason: outcome.message } : { status: outcome.status })
  }

  async #open (): Promise<void> {
    const { dir, fileMode } = this.#options
    try {
      await stat(dir).catch(async (error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error
        if (await makeFolder(dir, folderMode(fileMode))) await syncFolder(dirname(dir))
      })
    } catch (error) {
      throw this.#failed('open', '', error)
    }
  }

  async #prepare (path: string, signal: AbortSignal): Promise<FeedFolder> {
    for (const folder of levels(path)) {
      if (await makeFolder(join(this.#options.dir, folder), folderMode(this.#options.fileMode))) this.#anchored.delete(folder)
    }
    return await this.#refresh(path, 0, signal)
  }

  /** Makes the names in a feed's folder durable, and once those of the folders that lead to it. */
  async #anchor (path: string): Promise<void> {
    const loose = levels(path).filter((folder) => !this.#anchored.has(folder))
    try {
      for (const folder of [path, ...loose.map((folder) => dirname(folder))]) await syncFolder(join(this.#options.dir, folder))
    } catch (error) {
      throw this.#failed('write to', path, error)
    }
    for (const folder of loose) this.#anchored.add(folder)
  }

  async #findFeeds (): Promise<string[]> {
    await this.#open()
    const found: string[] = []
    for (const journal of await this.#list(this.#mesh, isJournalFolderName)) {
      found.push(...await this.#list(journal, isFeedFolderName).catch((error: unknown) => this.#skip(journal, error) ?? []))
    }
    return found
  }

  /** Paths of the folders in a folder that bear our names. Anything else is reported; links are never followed. */
  async #list (path: string, isOurs: (name: string) => boolean): Promise<string[]> {
    const full = join(this.#options.dir, path)
    try {
      if (!await isFolder(full)) return []
      const entries = (await readdir(full, { withFileTypes: true })).filter(({ name }) => !isHiddenName(name))
      const ours = entries.filter((entry) => entry.isDirectory() && isOurs(entry.name)).map(({ name }) => name)
      for (const { name } of entries) if (!ours.includes(name)) this.#skip(join(path, name), 'it is not a folder of this layout')
      return ours.map((name) => join(path, name))
    } catch (error) {
      throw this.#failed('read', path, error)
    }
  }

  async #refresh (path: string, recheck: number, signal: AbortSignal): Promise<FeedFolder> {
    const feed = this.#feeds.get(path) ?? new FeedFolder(path, this.#options)
    this.#feeds.set(path, feed)
    this.#isNew = await feed.refresh(recheck, signal) || this.#isNew
    return feed
  }

  #keepOnly (paths: ReadonlySet<string>): void {
    for (const path of [...this.#feeds.keys()].filter((each) => !paths.has(each))) {
      this.#feeds.delete(path)
      this.#isNew = true
    }
  }

  #failed (action: string, path: string, error: unknown): MeshError {
    return diskFailed(action, join(this.#options.dir, path), error)
  }

  #skip (path: string, problem: unknown): undefined {
    const full = join(this.#options.dir, path)
    this.#options.logger.warnOnce(`skipped ${full}`, 'skipped in the shared folder', { path: full, reason: describeError(problem) })
  }
}

/** The folders from the mesh's down to a feed's. */
function levels (path: string): string[] {
  return [dirname(dirname(path)), dirname(path), path]
}
