import { join } from 'node:path'
import { createIdentity, isSnapshot, openEnvelope, parseSnapshot, type Identity, type JournalEnvelope } from '@akshi/core'
import { seededRandom, VirtualClock } from '@akshi/testkit'
import type { Arrival } from '../../../packages/core/src/journal/feed.ts'
import { HybridClock } from '../../../packages/core/src/journal/hybrid-clock.ts'
import type { Journal } from '../../../packages/core/src/journal/journal.ts'
import { Journals } from '../../../packages/core/src/journal/journals.ts'
import { SegmentCache } from '../../../packages/core/src/journal/log/segment-cache.ts'
import type { PlacedItem } from '../../../packages/core/src/journal-tools/verification.ts'
import { ApplyingMark } from '../../../packages/core/src/storage/applying-mark.ts'
import { systemDisk } from '../../../packages/core/src/storage/disk.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

export const meshId = 'tools'
const clock = new VirtualClock()
let lives = 0

/** A node's journals on a real disk, without the node. */
export class Home implements AsyncDisposable {
  readonly identity: Identity
  readonly journals: Journals
  readonly path: string
  readonly #folder: TemporaryFolder
  readonly #mark: ApplyingMark

  private constructor (identity: Identity, folder: TemporaryFolder, mark: ApplyingMark) {
    this.identity = identity
    this.#folder = folder
    this.path = folder.join('journals')
    this.#mark = mark
    const random = seededRandom(++lives)
    this.journals = new Journals(this.path, {
      meshId,
      identity,
      clock,
      mark,
      disk: systemDisk,
      durability: 'os',
      hybridClock: new HybridClock(clock, random),
      cache: new SegmentCache(100_000),
      newActor: () => random.bytes(16),
      admits: () => true,
      mayWrite: async () => {},
      forked: () => {},
      damaged: () => {}
    })
  }

  static async open (identity = createIdentity()): Promise<Home> {
    const folder = await temporaryFolder()
    const home = new Home(identity, folder, await ApplyingMark.open(systemDisk, folder.join('applying')))
    await home.journals.open()
    return home
  }

  notes (): Promise<Journal> { return this.journals.get('notes') }

  /** Appends so many entries, `each` to an envelope. */
  async append (count: number, each = count): Promise<void> {
    const journal = await this.notes()
    for (let done = 0; done < count; done += each) await journal.append(Array.from({ length: Math.min(each, count - done) }, (_, at) => ({ body: `entry ${done + at}` })))
  }

  /** What an export has. */
  async items (maxEnvelopes = 0): Promise<Uint8Array[]> {
    const items: Uint8Array[] = []
    for (const feed of (await this.notes()).feeds) for await (const { bytes } of feed.serve([], [], { maxEnvelopes })) items.push(Uint8Array.from(bytes))
    return items
  }

  /** Takes in what others have, of whatever origin. */
  async take (items: readonly Uint8Array[]): Promise<string[]> {
    return (await (await this.notes()).accept(items.map(arrivalOf))).map(({ status }) => status)
  }

  async close (): Promise<void> {
    await this.journals.close()
    await this.#mark.close()
  }

  /** Its files, below the journals' folder. */
  file (...names: string[]): string { return join(this.path, 'notes', ...names) }

  get logFolder (): string { return this.identity.did.slice('did:key:'.length) }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close().catch(() => {})
    await this.#folder[Symbol.asyncDispose]()
  }
}

export async function * placed (items: readonly Uint8Array[], file = 'a file'): AsyncGenerator<PlacedItem> {
  for (const [record, bytes] of items.entries()) yield { bytes, file, record }
}

export function envelopeOf (bytes: Uint8Array): JournalEnvelope {
  return isSnapshot(bytes) ? parseSnapshot(bytes, meshId).proof : openEnvelope(bytes, meshId) as JournalEnvelope
}

function arrivalOf (bytes: Uint8Array): Arrival {
  if (isSnapshot(bytes)) return { kind: 'snapshot', snapshot: parseSnapshot(bytes, meshId), bytes }
  return { kind: 'envelope', envelope: envelopeOf(bytes) }
}
