import { digestRoot, feedKey, FeedPaths, isSnapshot, openEnvelope, parseSnapshot, peekItem, spotOf, type Clock, type Did, type Digest, type FeedId, type FeedSpot, type FeedState, type Plugin, type PullOptions, type Random, type Range } from '@akshi/core'
import { folderPlugin } from './folder-transport.ts'

export interface SharedFolderOptions {
  /** Of the plugin, and of the transport in what nodes say. */
  readonly name: string
  readonly meshId: string
  readonly clock: Clock
  readonly random: Random
  /** How long a call takes. */
  readonly delayMs?: number
}

/** So few, that a short story is long enough for snapshots. */
const maxEnvelopes = 20

/** Its key is its name. */
interface File extends FeedSpot {
  readonly feed: FeedId
  readonly bytes: Uint8Array
  /** False for what was damaged or is only half there: nobody counts it, and whoever has it whole puts it back. */
  readonly isGood: boolean
}

type Files = ReadonlyMap<string, File>

/**
 * A folder that nodes share, in this process, and all that can happen to one: it may be unmounted, lose files, find them damaged
 * and be put back to what it was. It promises what @akshi/plugin-fs does, and knows as little of what is inside snapshots.
 */
export class SharedFolder {
  readonly name: string
  readonly meshId: string
  readonly clock: Clock
  readonly delayMs: number
  readonly #random: Random
  readonly #files = new Map<string, File>()
  readonly #paths = new Map<string, FeedPaths>()
  readonly #unmounted = new Set<Did>()
  readonly #users = new Map<Did, object>()
  #kept: Files = new Map()
  #changes = 0

  constructor ({ name, meshId, clock, random, delayMs = 4 }: SharedFolderOptions) {
    this.name = name
    this.meshId = meshId
    this.clock = clock
    this.delayMs = delayMs
    this.#random = random
  }

  /** A plugin with a transport of reach "shared" over this folder, for the node of this DID. Give each life of a node its own. */
  transport (did: Did): Plugin { return folderPlugin(this, did) }

  /** Grows when what is good in it has changed. */
  get changes (): number { return this.#changes }

  /** The bytes of all files. */
  get contents (): readonly Uint8Array[] { return [...this.#files.values()].map(({ bytes }) => bytes) }

  /** Takes the folder away from a node, and gives it back. */
  unmount (did: Did): void { this.#unmounted.add(did) }
  mount (did: Did): void { this.#unmounted.delete(did) }
  isMounted (did: Did): boolean { return !this.#unmounted.has(did) }

  /** Who uses the folder in the name of a node; whoever did before does no more. */
  attach (did: Did, user: object): void { this.#users.set(did, user) }
  detach (did: Did): void { this.#users.delete(did) }
  isAttached (did: Did, user: object): boolean { return this.#users.get(did) === user }

  /** Keeps what is there now, for `rollBack`. */
  keep (): void { this.#kept = new Map(this.#files) }

  /** Puts everything back to what was kept: what came since is gone. */
  rollBack (): void {
    this.#files.clear()
    for (const [name, file] of this.#kept) this.#files.set(name, file)
    this.#changed()
  }

  /** Loses files, each with this chance. */
  lose (chance: number): void {
    for (const name of this.#some(chance)) this.#files.delete(name)
    this.#changed()
  }

  /** Damages files, each with this chance: cut short, as after a crash of whoever wrote them. */
  spoil (chance: number): void {
    for (const name of this.#some(chance)) {
      const file = this.#files.get(name) as File
      this.#files.set(name, { ...file, isGood: false, bytes: file.bytes.subarray(0, file.bytes.length >> 1) })
    }
    this.#changed()
  }

  /** What is whole in it. */
  digest (): Digest {
    const feeds = new Map([...this.#files.values()].map(({ feed }) => [feedKey(feed), feed]))
    const states = [...feeds.keys()].sort().flatMap((key) => this.stateOf(feeds.get(key) as FeedId) ?? [])
    return { root: digestRoot(states), feeds: states }
  }

  stateOf (feed: FeedId): FeedState | undefined {
    const { tips } = this.#pathsOf(feedKey(feed))
    return tips.length === 0 ? undefined : { feed, tips, heads: [] }
  }

  /** Puts an item where it belongs, unless it is there and good; a snapshot's must be these very bytes. Throws for what is no item. */
  put (bytes: Uint8Array): 'stored' | 'duplicate' {
    const file = this.#open(bytes)
    const there = this.#files.get(file.key)
    if (there?.isGood === true && (file.kind === 'envelope' || Buffer.compare(there.bytes, bytes) === 0)) return 'duplicate'
    this.#files.set(file.key, file)
    this.#changed(feedKey(file.feed))
    return 'stored'
  }

  /** Puts bytes where they belong by what they say of themselves, as anybody may who can write there. What is not signed well counts as damaged. */
  squat (bytes: Uint8Array): void {
    try {
      const file = this.#open(bytes, false)
      this.#files.set(file.key, file)
      this.#changed()
    } catch {}                                            // it says nothing of where it belongs
  }

  /** Removes what a snapshot of a sealed segment stands for. For the origin, of what it has put itself. */
  clean (snapshot: Uint8Array): void {
    const { feed, key } = this.#open(snapshot)
    const spent = this.#pathsOf(feedKey(feed)).spent(new Set([key]))
    for (const name of spent) this.#files.delete(name)
    if (spent.length > 0) this.#changed(feedKey(feed))
  }

  /** Names of what a range wants. */
  select (range: Range, options: PullOptions): string[] {
    return this.#pathsOf(feedKey(range.feed)).select(range, { ...options, maxEnvelopes })
  }

  /** A copy of a good file. */
  read (name: string): Uint8Array | undefined {
    const file = this.#files.get(name)
    return file?.isGood === true ? new Uint8Array(file.bytes) : undefined
  }

  #open (bytes: Uint8Array, mustBeGood = true): File {
    const item = peekItem(bytes, this.meshId)
    const { kind, envelope: { origin, id, header } } = item
    const feed: FeedId = { journal: header.journal, part: header.part, origin }
    const key = `${feedKey(feed)}/${String(header.seq).padStart(12, '0')}-${Buffer.from(id).toString('hex')}.${kind}`
    return { ...spotOf(key, item), feed, bytes: new Uint8Array(bytes), isGood: mustBeGood || this.#isSigned(bytes) }
  }

  #isSigned (bytes: Uint8Array): boolean {
    if (isSnapshot(bytes)) return parseSnapshot(bytes, this.meshId).verified()
    try {
      openEnvelope(bytes, this.meshId)
      return true
    } catch {
      return false
    }
  }

  #pathsOf (key: string): FeedPaths {
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const paths = new FeedPaths([...this.#files.values()].filter(({ feed, isGood }) => isGood && feedKey(feed) === key))
    this.#paths.set(key, paths)
    return paths
  }

  #some (chance: number): string[] {
    return [...this.#files.keys()].filter(() => this.#random.uniform() < chance)
  }

  #changed (key?: string): void {
    this.#changes++
    if (key === undefined) this.#paths.clear()
    else this.#paths.delete(key)
  }
}
