import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSnapshot, parseSnapshot, peekEnvelope, type Identity, type JournalEnvelope } from '@akshi/core'
import type { Arrival, Fork, OwnFeedContext } from '../../packages/core/src/journal/feed.ts'
import { LogFeed } from '../../packages/core/src/journal/log/log-feed.ts'
import { SegmentCache } from '../../packages/core/src/journal/log/segment-cache.ts'
import { JournalState } from '../../packages/core/src/journal/state/journal-state.ts'
import { ApplyingMark } from '../../packages/core/src/storage/applying-mark.ts'
import { systemDisk } from '../../packages/core/src/storage/system-disk.ts'
import { alpha, beta, journal, meshId, run } from './material.ts'

/** A folder that keeps journals, and what its feeds reported. */
export interface Store extends AsyncDisposable {
  readonly folder: string
  readonly forks: Fork[]
  readonly damages: string[]
  /** The log of alpha, of the journal of the vectors if no other is named, in the folder `log`. */
  openLog (name?: string): Promise<LogFeed>
  /** The state as beta keeps it, in the folder `state`. */
  openState (): Promise<JournalState>
  /** Every file below a folder, in hex, by name. */
  read (folder: string): Promise<Record<string, string>>
}

/** A folder for one test or one making, removed at its end. */
export async function temporaryStore (): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'akshi-vectors-'))
  const mark = await ApplyingMark.open(systemDisk, join(folder, 'applying'))
  const forks: Fork[] = []
  const damages: string[] = []
  const contextOf = (identity: Identity): OwnFeedContext => ({
    identity,
    meshId,
    disk: systemDisk,
    durability: 'os',
    mark,
    newActor: () => run(0, 16),
    forked: (fork) => { forks.push(fork) },
    damaged: (_, what) => { damages.push(what) }
  })
  return {
    folder,
    forks,
    damages,
    openLog: (name = journal) => LogFeed.open({ journal: name, part: 'log', origin: alpha.did }, join(folder, 'log'), { ...contextOf(alpha), cache: new SegmentCache(10_000) }),
    openState: () => JournalState.open(journal, join(folder, 'state'), contextOf(beta), { find: () => undefined, admitted: () => {} }),
    read: async (name) => await readFiles(join(folder, name)),
    [Symbol.asyncDispose]: async () => {
      await mark.close()
      await rm(folder, { recursive: true })
    }
  }
}

/** An item as it comes in once its signature was checked. */
export function arrivalOf (item: Uint8Array): Arrival {
  if (isSnapshot(item)) return { kind: 'snapshot', snapshot: parseSnapshot(item, meshId), bytes: item }
  return { kind: 'envelope', envelope: peekEnvelope(item, meshId) as JournalEnvelope }
}

async function readFiles (folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const name of (await readdir(folder)).sort()) files[name] = await readFile(join(folder, name), 'hex')
  return files
}
