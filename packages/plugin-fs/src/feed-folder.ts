import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, maxEnvelopeBytes, type Envelope, type FeedId, type FeedState, type JournalHeader, type Logger, type Range, type Tip } from '@akshi/core'
import { inChunks } from './chunks.ts'
import { errorCode, readUpTo, writeWhole } from './disk.ts'
import { placeOf, readFiledEnvelope, readStamp } from './envelope-file.ts'
import { comparePlaces, findTips, type Place } from './feed-tips.ts'
import { FolderAge } from './folder-age.ts'
import { envelopeName, feedOf, isEnvelopeName, isHiddenName } from './folder-layout.ts'

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

/** A file as it was when it was last looked at; `place` is missing when it is not what its name says. */
interface SeenFile {
  readonly stamp: string
  readonly place: Place | undefined
}

const maxBadLooks = 256

/** One feed in the shared folder: which of its envelopes are there, whole and in their place. Calls must not overlap. */
export class FeedFolder {
  readonly path: string
  readonly #relativePath: string
  readonly #options: FeedFolderOptions
  readonly #files = new Map<string, SeenFile>()
  readonly #age = new FolderAge()
  #feed: FeedId | undefined
  #tips: readonly Tip[] | undefined
  #isNew = false

  /** `relativePath` is the `feedPath` of the feed. */
  constructor (relativePath: string, options: FeedFolderOptions) {
    this.path = join(options.dir, relativePath)
    this.#relativePath = relativePath
    this.#options = options
  }

  /** What the folder has of this feed; `undefined` when the first envelope is not there. */
  get state (): FeedState | undefined {
    this.#tips ??= findTips([...this.#files.values()].flatMap(({ place }) => place ?? []))
    return this.#feed === undefined || this.#tips.length === 0 ? undefined : { feed: this.#feed, tips: this.#tips, heads: [] }
  }

  /** True for a file that was seen or written before, good or bad. */
  knows (name: string): boolean {
    return this.#files.has(name)
  }

  /**
   * Looks at what is new, at what was bad, and again at `recheck` of the others. Resolves to whether envelopes came or
   * went since the last time other than by `put`. What cannot be read or does not belong here is reported and counts as absent.
   */
  async refresh (recheck: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#listIfChanged(signal)
      await inChunks(this.#toLookAtAgain(recheck), signal, (name) => this.#look(name))
    } catch (error) {
      signal.throwIfAborted()
      this.#loseAll()
      if (errorCode(error) !== 'ENOENT') this.#report(this.path, error)
    }
    const isNew = this.#isNew
    this.#isNew = false
    return isNew
  }

  /** Writes an envelope unless its file is there and good. Durable once the folder is synced. Rejects with system errors. */
  async put (envelope: Envelope<JournalHeader>): Promise<'stored' | 'duplicate'> {
    const name = envelopeName(envelope)
    const path = join(this.path, name)
    await this.#look(name)
    if (this.#isGood(name)) return 'duplicate'
    try {
      this.#note(name, { stamp: 'being written', place: placeOf(envelope) })         // before a watcher asks about it
      await writeWhole(path, this.#options.temporaryName(), envelope.bytes, this.#options.fileMode)
      this.#note(name, { stamp: await readStamp(path), place: placeOf(envelope) })
    } catch (error) {
      this.#forget(name)
      throw error
    }
    this.#feed ??= feedOf(envelope)
    return 'stored'
  }

  /** Names of the good files of a range, in feed order. */
  namesIn ({ after, until = Infinity }: Range): string[] {
    return [...this.#files]
      .flatMap(([name, { place }]) => place !== undefined && after < place.seq && place.seq <= until ? [{ name, place }] : [])
      .sort((a, b) => comparePlaces(a.place, b.place))
      .map(({ name }) => name)
  }

  /** The bytes of a file, if it is still there and still good. */
  async read (name: string): Promise<Uint8Array | undefined> {
    await this.#look(name)
    if (!this.#isGood(name)) return undefined
    try {
      return await readUpTo(join(this.path, name), maxEnvelopeBytes)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#report(join(this.path, name), error)
    }
  }

  async #listIfChanged (signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.monotonic()
    if (!this.#age.needsListing(await readStamp(this.path), startedMs)) return
    const names = new Set((await readdir(this.path)).filter((name) => !isHiddenName(name)))
    for (const name of [...this.#files.keys()]) if (!names.has(name)) this.#lose(name)
    const unseen = [...names].filter((name) => !this.#files.has(name)).sort()
    for (const name of unseen) if (!isEnvelopeName(name)) this.#report(join(this.path, name), 'its name is not the name of an envelope')
    await inChunks(unseen.filter(isEnvelopeName), signal, (name) => this.#look(name))
    this.#age.listed(startedMs)
  }

  #toLookAtAgain (recheck: number): string[] {
    const names = [...this.#files.keys()]
    return [...new Set([...names.filter((name) => !this.#isGood(name)).slice(0, maxBadLooks), ...names.slice(0, recheck)])]
  }

  /** Reads and checks a file unless it is as it was when it was looked at last. */
  async #look (name: string): Promise<void> {
    const path = join(this.path, name)
    const known = this.#files.get(name)
    let stamp = 'out of reach'
    try {
      stamp = await readStamp(path)
      if (known?.stamp === stamp) return this.#note(name, known)
      const { feed, place } = await readFiledEnvelope(this.#options.dir, join(this.#relativePath, name), this.#options.meshId)
      this.#feed ??= feed
      this.#note(name, { stamp, place })
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#lose(name)
      this.#note(name, { stamp, place: undefined })
      this.#report(path, error)
    }
    this.#isNew ||= (known?.place === undefined) !== (this.#files.get(name)?.place === undefined)
  }

  #isGood (name: string): boolean {
    return this.#files.get(name)?.place !== undefined
  }

  /** Puts a file at the end of the order in which files are looked at again. */
  #note (name: string, seen: SeenFile): void {
    if (this.#files.get(name)?.place?.id !== seen.place?.id) this.#tips = undefined
    this.#files.delete(name)
    this.#files.set(name, seen)
  }

  #lose (name: string): void {
    this.#isNew ||= this.#isGood(name)
    this.#forget(name)
  }

  #loseAll (): void {
    for (const name of [...this.#files.keys()]) this.#lose(name)
    this.#age.reset()
  }

  #forget (name: string): void {
    this.#files.delete(name)
    this.#tips = undefined
  }

  #report (path: string, problem: unknown): void {
    this.#options.logger.warnOnce(`skipped ${path}`, 'skipped in the shared folder', { path, reason: describeError(problem) })
  }
}
