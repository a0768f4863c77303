import { dirname, join, relative, sep } from 'node:path'
import type { Clock } from '@akshi/core'
import type { FaultyDisk } from '@akshi/testkit'
import type { Did } from '../../../packages/core/src/did.ts'
import type { Identity } from '../../../packages/core/src/identity.ts'
import type { Fork } from '../../../packages/core/src/journal/feed.ts'
import { HybridClock } from '../../../packages/core/src/journal/hybrid-clock.ts'
import type { JournalContext } from '../../../packages/core/src/journal/journal-context.ts'
import { Journals } from '../../../packages/core/src/journal/journals.ts'
import { SegmentCache } from '../../../packages/core/src/journal/log/segment-cache.ts'
import type { Random } from '../../../packages/core/src/random.ts'
import { ApplyingMark } from '../../../packages/core/src/storage/applying-mark.ts'
import type { Disk } from '../../../packages/core/src/storage/disk.ts'

export const meshId = 'mesh'
export const home = '/home'

export interface ShelfOptions {
  readonly disk: FaultyDisk
  readonly identity: Identity
  readonly clock: Clock
  readonly random: Random
  readonly admits?: (origin: Did) => boolean
  readonly mayWrite?: (journals: Journals, feed: Parameters<JournalContext['mayWrite']>[0]) => Promise<void>
}

/** Journals on a disk in memory, and what they reported. */
export interface Shelf {
  readonly journals: Journals
  readonly mark: ApplyingMark
  readonly forks: readonly Fork[]
  readonly damages: readonly string[]
}

/** Opens the journals of a home as a node does when it starts. */
export async function openShelf ({ disk, identity, clock, random, admits = () => true, mayWrite = async () => {} }: ShelfOptions): Promise<Shelf> {
  const tree = treeOf(disk)
  await tree.makeFolder(home)
  const mark = await ApplyingMark.open(tree, `${home}/applying`)
  const [forks, damages]: [Fork[], string[]] = [[], []]
  const journals: Journals = new Journals(`${home}/journals`, {
    meshId,
    disk: tree,
    durability: 'fsync',
    mark,
    identity,
    clock,
    hybridClock: new HybridClock(clock, random),
    cache: new SegmentCache(1_000),
    newActor: () => random.bytes(16),
    admits,
    mayWrite: (feed) => mayWrite(journals, feed),
    forked: (fork) => forks.push(fork),
    damaged: ({ journal, part }, what) => damages.push(`${journal}/${part}: ${what}`)
  })
  await journals.open()
  return { journals, mark, forks, damages }
}

/** A disk in memory that lists folders too, as a file system does. */
function treeOf (disk: FaultyDisk): Disk {
  return {
    makeFolder: (path) => disk.makeFolder(path),
    list: async (path) => {
      const below = disk.paths().filter((file) => dirname(file).startsWith(join(path, sep)))
      return [...new Set([...await disk.list(path), ...below.map((file) => relative(path, file).split(sep)[0] ?? '')])].sort()
    },
    open: (path) => disk.open(path),
    openExisting: (path) => disk.openExisting(path),
    replace: (path, parts) => disk.replace(path, parts),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to)
  }
}
