import { peekEnvelope, sealEnvelope, type JournalHeader } from '../../../packages/core/src/envelope.ts'
import type { Identity } from '../../../packages/core/src/identity.ts'
import { Feed } from '../../../packages/core/src/journal/feed.ts'
import type { JournalEnvelope } from '../../../packages/core/src/envelope.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

export const meshId = 'mesh'
export const at = Date.UTC(2025, 0, 1)

/** Feeds of one origin in a folder that is removed in the end; each name is another copy of the feed. */
export class FeedShelter implements AsyncDisposable {
  readonly identity: Identity
  readonly #folder: TemporaryFolder
  readonly #random = seededRandom()
  readonly #open = new Set<Feed>()

  private constructor (identity: Identity, folder: TemporaryFolder) {
    this.identity = identity
    this.#folder = folder
  }

  static async make (identity: Identity): Promise<FeedShelter> {
    return new FeedShelter(identity, await temporaryFolder())
  }

  path (name: string): string {
    return this.#folder.join(name, 'a.feed')
  }

  async feed (name: string, journal = 'notes'): Promise<Feed> {
    const id = { journal, part: 'log' as const, origin: this.identity.did }
    const feed = await Feed.open(id, this.path(name), { meshId, newActor: () => this.#random.bytes(16) })
    this.#open.add(feed)
    return feed
  }

  async reopen (feed: Feed, name: string): Promise<Feed> {
    await this.#close(feed)
    return await this.feed(name)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const feed of this.#open) await this.#close(feed)
    await this.#folder[Symbol.asyncDispose]()
  }

  async #close (feed: Feed): Promise<void> {
    this.#open.delete(feed)
    await feed.close()
  }
}

/** Texts of entries with consecutive numbers. */
export function entryTexts (count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `{"id":"01JGFJJZ00${String(from + index).padStart(16, '0')}","kind":"note","body":${from + index}}`)
}

/** Bodies in feed order. */
export function bodiesOf (feed: Feed): unknown[] {
  return [...feed.entries(0)].map(({ entry }) => entry.body)
}

/** Everything that others can see of a feed. */
export function viewOf (feed: Feed): unknown {
  return { state: feed.state, count: feed.count, room: feed.room, bodies: bodiesOf(feed), envelopes: [...feed.serve(0)].map(({ seq, bytes }) => [seq, Buffer.from(bytes).toString('hex')]) }
}

/** Appends `count` envelopes of one entry each. */
export async function appendEach (feed: Feed, identity: Identity, count: number, from = 0): Promise<JournalEnvelope[]> {
  const made: JournalEnvelope[] = []
  for (const text of entryTexts(count, from)) made.push(await feed.append([text], identity, at))
  return made
}

/** The envelope with another header or payload, signed as it should be. */
export function reseal (identity: Identity, { header, payload }: JournalEnvelope, changes: Partial<JournalHeader>, other = payload): JournalEnvelope {
  const { bytes } = sealEnvelope(identity, meshId, { ...header, ...changes }, other)
  return peekEnvelope(bytes, meshId) as JournalEnvelope
}
