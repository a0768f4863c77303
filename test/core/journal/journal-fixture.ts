import { FaultyDisk, seededRandom, VirtualClock } from '@akshi/testkit'
import { createIdentity, type Identity } from '../../../packages/core/src/identity.ts'
import { openEnvelope, type JournalEnvelope } from '../../../packages/core/src/envelope.ts'
import type { Arrival } from '../../../packages/core/src/journal/feed.ts'
import type { Journal } from '../../../packages/core/src/journal/journal.ts'
import { isSnapshot, parseSnapshot } from '../../../packages/core/src/snapshot.ts'
import { meshId, openShelf, type Shelf, type ShelfOptions } from '../sync/journal-shelf.ts'

let seed = 1

/** Somebody with a home, whose journals can be closed and opened again. */
export class Owner {
  readonly identity: Identity
  readonly disk: FaultyDisk
  readonly clock = new VirtualClock()
  #shelf: Shelf | undefined

  constructor (disk = new FaultyDisk(), identity = createIdentity()) {
    this.disk = disk
    this.identity = identity
  }

  async open (options: Partial<ShelfOptions> = {}): Promise<Shelf> {
    await this.close()
    const { disk, identity, clock } = this
    this.#shelf = await openShelf({ disk, identity, clock, random: seededRandom(seed++), ...options })
    return this.#shelf
  }

  /** The journal `notes`. */
  async notes (options: Partial<ShelfOptions> = {}): Promise<Journal> {
    return await (await this.open(options)).journals.get('notes')
  }

  async close (): Promise<void> {
    await this.#shelf?.journals.close()
    this.#shelf = undefined
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.close()
  }
}

/** All that a journal has, as it would travel. */
export async function arrivalsOf (journal: Journal): Promise<Arrival[]> {
  const arrivals: Arrival[] = []
  for (const feed of journal.feeds) {
    for await (const { bytes } of feed.serve([], [], { maxEnvelopes: 1_000_000 })) arrivals.push(arrivalOf(bytes))
  }
  return arrivals
}

function arrivalOf (bytes: Uint8Array): Arrival {
  return isSnapshot(bytes)
    ? { kind: 'snapshot', snapshot: parseSnapshot(bytes, meshId), bytes }
    : { kind: 'envelope', envelope: openEnvelope(bytes, meshId) as JournalEnvelope }
}

/** Gives everybody's items to everybody. */
export async function exchange (journals: readonly Journal[]): Promise<void> {
  for (const from of journals) for (const to of journals) if (from !== to) await to.accept(await arrivalsOf(from))
}

export async function bodiesOf (journal: Journal, options: Parameters<Journal['read']>[0] = {}): Promise<unknown[]> {
  return (await journal.read(options)).entries.map(({ body }) => body)
}
