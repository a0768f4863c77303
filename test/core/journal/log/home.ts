import { createPrivateKey } from 'node:crypto'
import { FaultyDisk, seededRandom } from '@akshi/testkit'
import { identityFromKey } from '../../../../packages/core/src/identity.ts'
import { entryText } from '../../../../packages/core/src/journal/entry.ts'
import type { Fork } from '../../../../packages/core/src/journal/feed.ts'
import { LogFeed } from '../../../../packages/core/src/journal/log/log-feed.ts'
import { SegmentCache, type Evictable } from '../../../../packages/core/src/journal/log/segment-cache.ts'
import { ApplyingMark } from '../../../../packages/core/src/storage/applying-mark.ts'
import type { Disk } from '../../../../packages/core/src/storage/disk.ts'

export const meshId = 'mesh'
export const at = Date.UTC(2025, 0, 1)
/** Whose feed it is, on every node. */
export const origin = identityFromKey(createPrivateKey({ key: Buffer.from('302e020100300506032b657004220420' + '07'.repeat(32), 'hex'), format: 'der', type: 'pkcs8' }))

let lives = 0
let entries = 0

/** Texts of entries that are newer than all before, with their numbers as bodies. */
export function newTexts (count: number, padding = ''): string[] {
  return Array.from({ length: count }, () => {
    const number = entries++
    return entryText(`01JGFJJZ00${String(number).padStart(16, '0')}`, { kind: number % 2 === 0 ? 'even' : 'odd', body: JSON.stringify(padding === '' ? number : [number, padding]) })
  })
}

export interface HomeOptions<Kind extends Disk> {
  readonly disk?: Kind
  readonly cache?: SegmentCache
}

/** Drops everything as soon as it may. */
export class ForgetfulCache extends SegmentCache {
  constructor () {
    super(1)
  }

  override touch (segment: Evictable): void {
    super.touch(segment)
    queueMicrotask(() => { if (!segment.isBusy) segment.unload() })
  }
}

/** A node's copy of the feed, on a disk that fails when told to. */
export class Home<Kind extends Disk = FaultyDisk> {
  readonly disk: Kind
  readonly feed: LogFeed
  readonly forks: readonly Fork[]
  readonly damages: readonly string[]

  readonly #mark: ApplyingMark

  private constructor (disk: Kind, feed: LogFeed, mark: ApplyingMark, forks: Fork[], damages: string[]) {
    this.disk = disk
    this.feed = feed
    this.#mark = mark
    this.forks = forks
    this.damages = damages
  }

  static async open (options?: HomeOptions<FaultyDisk>): Promise<Home>
  static async open<Kind extends Disk> (options: HomeOptions<Kind> & { readonly disk: Kind }): Promise<Home<Kind>>
  static async open ({ disk = new FaultyDisk(), cache = new SegmentCache(65_536) }: HomeOptions<Disk> = {}): Promise<Home<Disk>> {
    const forks: Fork[] = []
    const damages: string[] = []
    const random = seededRandom(++lives)
    await disk.makeFolder('/home')
    const mark = await ApplyingMark.open(disk, '/home/applying')
    const feed = await LogFeed.open({ journal: 'notes', part: 'log', origin: origin.did }, '/home/feed', {
      meshId,
      disk,
      durability: 'fsync',
      mark,
      newActor: () => random.bytes(16),
      forked: (fork) => forks.push(fork),
      damaged: (_, what) => damages.push(what),
      cache
    })
    return new Home(disk, feed, mark, forks, damages)
  }

  /** Appends as the feed's origin. Resolves to the texts. */
  async append (count = 1, padding = ''): Promise<string[]> {
    const texts = newTexts(count, padding)
    await this.feed.append(texts, origin, at)
    return texts
  }

  /** Fills the open segment to its last entry, or, when it is full, the next, in envelopes of up to 1,024 entries. */
  async fill (): Promise<void> {
    do await this.append(Math.min(1024, 4096 - this.feed.openEntries % 4096))
    while (this.feed.openEntries < 4096)
  }

  /** Frees what a process that died would have freed; nothing else can be done with the home. */
  abandon (): void {
    for (const segment of this.feed.tree.all) segment.unload()
  }

  async close (): Promise<void> {
    await this.feed.close()
    await this.#mark.close()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close().catch(() => {})                                     // its disk may have crashed
  }
}

/** The same home after its process ended: closed in order, killed, or the power cut. */
export async function reopened (home: Home, end: 'close' | 'kill' | 'power' = 'close', options: HomeOptions<FaultyDisk> = {}): Promise<Home> {
  if (end === 'close') await home.feed.close()
  else home.abandon()
  const disk = end === 'power' ? home.disk.afterCrash({ random: seededRandom(++lives) }) : home.disk.afterKill()
  return await Home.open({ ...options, disk })
}

/** Another machine with what is on a home's disk now. */
export async function cloneOf (home: Home): Promise<Home> {
  return await Home.open({ disk: home.disk.afterKill() })
}
