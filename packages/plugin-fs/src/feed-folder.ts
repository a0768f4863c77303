import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, spotOf, type FeedId, type FeedState, type Logger, type PeekedItem, type PullOptions, type Range } from '@akshi/core'
import { inChunks } from './chunks.ts'
import { errorCode, readUpTo, writeWhole } from './disk.ts'
import { FeedIndex } from './feed-index.ts'
import { FolderAge } from './folder-age.ts'
import { feedOf, isHiddenName, isItemName, itemName } from './folder-layout.ts'
import { maxBytesOf, readFiledItem, readStamp } from './item-file.ts'

/** What the folder of a feed needs to know of the whole. */
export interface FeedFolderOptions {
  /** The shared folder, absolute. */
  readonly dir: string
  readonly meshId: string
  readonly fileMode: number
  readonly logger: Logger
  /** A name for a file that is being written: hidden, and used by nobody else. */
  readonly temporaryName: () => string
  readonly monotonic: () => number
}

/** An item that was verified, and all of its bytes. */
export interface Parcel extends PeekedItem {
  readonly bytes: Uint8Array
}

const maxBadLooks = 256

/** One feed in the shared folder: which of its items are there, whole and in their place. Calls must not overlap. */
export class FeedFolder {
  readonly path: string
  readonly #relativePath: string
  readonly #options: FeedFolderOptions
  readonly #index = new FeedIndex()
  readonly #age = new FolderAge()
  #feed: FeedId | undefined

  /** `relativePath` is the `feedPath` of the feed. */
  constructor (relativePath: string, options: FeedFolderOptions) {
    this.path = join(options.dir, relativePath)
    this.#relativePath = relativePath
    this.#options = options
  }

  /** What the folder has of this feed; `undefined` when its beginning is not there. */
  get state (): FeedState | undefined {
    const { tips } = this.#index.paths
    return this.#feed === undefined || tips.length === 0 ? undefined : { feed: this.#feed, tips, heads: [] }
  }

  /** True for a file that was seen or written before, good or bad. */
  knows (name: string): boolean {
    return this.#index.find(name) !== undefined
  }

  /**
   * Looks at what is new, at what was bad, and again at `recheck` of the others. Resolves to whether items came or went
   * since the last time other than by `put` and `clean`. What cannot be read or does not belong here is reported and
   * counts as absent.
   */
  async refresh (recheck: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#listIfChanged(signal)
      await inChunks(this.#toLookAtAgain(recheck), signal, (name) => this.#look(name))
    } catch (error) {
      signal.throwIfAborted()
      for (const name of this.#index.names) this.#index.lose(name)
      this.#age.reset()
      if (errorCode(error) !== 'ENOENT') this.#report(this.path, error)
    }
    return this.#index.takeNews()
  }

  /**
   * Writes an item unless its file is there and good; a snapshot's must have these very bytes, since nobody has checked
   * what is inside. Durable once the folder is synced. Rejects with system errors.
   */
  async put (item: Parcel): Promise<'stored' | 'duplicate'> {
    const name = itemName(item)
    await this.#look(name)
    const known = await this.#holds(name, item) ? this.#index.find(name) : undefined
    const stamp = known?.stamp ?? await this.#write(name, item)
    this.#index.put(name, { stamp, spot: spotOf(name, item), isOwn: item.kind === 'snapshot' })
    this.#feed ??= feedOf(item.envelope)
    return known === undefined ? 'stored' : 'duplicate'
  }

  /** Names of the good files that bring what a range wants, in the order in which to give them. */
  namesIn (range: Range, options: PullOptions): string[] {
    return this.#index.paths.select(range, options)
  }

  /** The bytes of a file, if it is still there and still good. */
  async read (name: string): Promise<Uint8Array | undefined> {
    await this.#look(name)
    if (!this.#index.isGood(name)) return undefined
    try {
      return await readUpTo(join(this.path, name), maxBytesOf(name))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#report(join(this.path, name), error)
    }
  }

  /**
   * Deletes what snapshots of sealed segments stand for, if this node has put them and they are durable. For the origin
   * of the feed. What cannot be deleted is reported, and stays.
   */
  async clean (signal: AbortSignal): Promise<void> {
    const own = this.#index.ownSnapshots
    const spent = own.size === 0 ? [] : this.#index.paths.spent(own)
    try {
      for (const name of spent) {                                                   // one by one: a crash must not change the order
        signal.throwIfAborted()
        await rm(join(this.path, name), { force: true })
        this.#index.forget(name)
      }
    } catch (error) {
      signal.throwIfAborted()
      this.#options.logger.warnOnce(`not deleted ${this.path}`, 'cannot delete what a snapshot in the shared folder replaces', { path: this.path, reason: describeError(error) })
    }
  }

  async #holds (name: string, { kind, bytes }: Parcel): Promise<boolean> {
    if (!this.#index.isGood(name)) return false
    if (kind === 'envelope') return true
    const there = await this.read(name)
    return there !== undefined && Buffer.compare(there, bytes) === 0
  }

  /** Resolves to the stamp of the file. */
  async #write (name: string, item: Parcel): Promise<string> {
    const path = join(this.path, name)
    try {
      this.#index.put(name, { stamp: 'being written', spot: spotOf(name, item) })         // before a watcher asks about it
      await writeWhole(path, this.#options.temporaryName(), item.bytes, this.#options.fileMode)
      return await readStamp(path)
    } catch (error) {
      this.#index.forget(name)
      throw error
    }
  }

  async #listIfChanged (signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.monotonic()
    if (!this.#age.needsListing(await readStamp(this.path), startedMs)) return
    const names = new Set((await readdir(this.path)).filter((name) => !isHiddenName(name)))
    for (const name of this.#index.names) if (!names.has(name)) this.#index.lose(name)
    const unseen = [...names].filter((name) => !this.knows(name)).sort()
    for (const name of unseen) if (!isItemName(name)) this.#report(join(this.path, name), 'its name is not the name of an envelope or a snapshot')
    await inChunks(unseen.filter(isItemName), signal, (name) => this.#look(name))
    this.#age.listed(startedMs)
  }

  #toLookAtAgain (recheck: number): string[] {
    const { names } = this.#index
    return [...new Set([...names.filter((name) => !this.#index.isGood(name)).slice(0, maxBadLooks), ...names.slice(0, recheck)])]
  }

  /** Reads and checks a file unless it is as it was when it was looked at last. */
  async #look (name: string): Promise<void> {
    const path = join(this.path, name)
    const known = this.#index.find(name)
    let stamp = 'out of reach'
    try {
      stamp = await readStamp(path)
      if (known?.stamp === stamp) return this.#index.see(name, known)
      const { feed, spot } = await readFiledItem(this.#options.dir, join(this.#relativePath, name), this.#options.meshId)
      this.#feed ??= feed
      this.#index.see(name, { stamp, spot })
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#index.lose(name)
      this.#index.see(name, { stamp, spot: undefined })
      this.#report(path, error)
    }
  }

  #report (path: string, problem: unknown): void {
    this.#options.logger.warnOnce(`skipped ${path}`, 'skipped in the shared folder', { path, reason: describeError(problem) })
  }
}
