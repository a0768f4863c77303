import type { StateEnvelope } from '../envelope.ts'
import { isMeshError } from '../errors.ts'
import { SerialQueue } from '../serial-queue.ts'
import type { Disk, Durability } from '../storage/disk.ts'
import type { FeedId } from '../transport.ts'
import type { Arrival } from './feed.ts'
import { itemOverhead, ParkingFile } from './parking-file.ts'
import { ParkingLot, slotFor, type ParkedRow, type Slot } from './parking-lot.ts'
import { recallArrival, type ParkingRecord, type Why } from './parking-record.ts'
import { hexOf } from './state/hex.ts'

export interface ParkingOptions {
  readonly meshId: string
  readonly durability: Durability
  /** 16 MiB if left out. */
  readonly maxBytes?: number
  /** 4,096 if left out. */
  readonly maxItems?: number
  /** A quarter of all if left out. An origin may have the same part of the items. */
  readonly maxBytesPerOrigin?: number
}

/** An item that is parked, read from disk. */
export interface Parked {
  readonly seq: number
  readonly why: Why
  readonly arrival: Arrival
}

/** Files with less than this in vain are left as they are. */
const minGarbageBytes = 64 << 10

/**
 * What cannot be used yet, kept so that it need not be sent again: items of origins that are not trusted, and items that
 * miss something before them. Whoever sent them still has them, so nothing is lost when there is no room, when the file is
 * damaged, or when the power goes before the system wrote it; what is parked does survive the death of the process.
 */
export class Parking {
  readonly #meshId: string
  readonly #lot: ParkingLot
  readonly #file: ParkingFile
  readonly #queue = new SerialQueue()

  private constructor ({ meshId, maxBytes = 16 << 20, maxItems = 4096, maxBytesPerOrigin = maxBytes / 4 }: ParkingOptions, file: ParkingFile) {
    this.#meshId = meshId
    this.#file = file
    this.#lot = new ParkingLot({ bytes: maxBytes, items: maxItems, originBytes: maxBytesPerOrigin, originItems: Math.ceil(maxItems * maxBytesPerOrigin / maxBytes) })
  }

  /**
   * Opens or makes the file, whose folder is there. One that is not what it should be is begun anew.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (disk: Disk, path: string, options: ParkingOptions): Promise<Parking> {
    const parking = new Parking(options, await ParkingFile.open(disk, path, options.durability))
    parking.#recall()
    return parking
  }

  /** What is parked, by origin, part of the journal and reason. */
  get summary (): readonly ParkedRow[] { return this.#lot.summary }

  /** Numbers of what is parked of a feed, ascending; of a snapshot, that of its proof. Reads nothing. */
  seqs (feed: FeedId): readonly number[] {
    return this.#lot.of(feed).map(({ seq }) => seq)
  }

  /**
   * Keeps an item; `bytes` are those it came as. Resolves to whether it is kept now, or was already: not when there is no
   * room for it, or the disk fails. What was parked for another reason is kept for this one from now on.
   */
  park (item: Arrival, bytes: Uint8Array, why: Why): Promise<boolean> {
    return this.#queue.run(async () => {
      const slot = slotFor(item, bytes.length, why)
      const known = this.#lot.find(slot)
      if (known !== undefined) return this.#keepFor(known, why)
      const leaving = this.#lot.makeWay(slot)
      if (leaving === undefined || !this.#file.append([...gone(leaving), { kind: 'item', why, bytes }])) return false
      for (const other of leaving) this.#lot.remove(other)
      this.#lot.add({ ...slot, record: this.#file.count - 1 })
      await this.#compact()
      return true
    })
  }

  /** Items of a feed, the lowest seq first, read from disk. Nothing is removed. */
  of (feed: FeedId): readonly Parked[] {
    return this.#lot.of(feed).flatMap((slot) => {
      const arrival = this.#arrivalIn(slot)
      return arrival === undefined ? [] : [{ seq: slot.seq, why: slot.why, arrival }]
    })
  }

  /** The envelope of a state whose change has this hash, if it is parked. */
  findHead (head: Uint8Array): StateEnvelope | undefined {
    const slot = this.#lot.withHead(hexOf(head))
    const arrival = slot === undefined ? undefined : this.#arrivalIn(slot)
    if (arrival?.kind !== 'envelope') return undefined
    const { envelope } = arrival
    return envelope.header.part === 'state' ? { ...envelope, header: envelope.header } : undefined
  }

  /** Forgets envelopes with these ids, and snapshots that they prove. When the disk fails they may be back after a restart. */
  remove (ids: readonly Uint8Array[]): Promise<void> {
    return this.#queue.run(async () => {
      const slots = ids.flatMap((id) => this.#lot.withId(hexOf(id)))
      if (slots.length === 0) return
      this.#file.append(gone(slots))
      for (const slot of slots) this.#lot.remove(slot)
      await this.#compact()
    })
  }

  /** Resolves when pending writes are done and the file is closed. */
  close (): Promise<void> {
    return this.#queue.run(() => this.#file.close())
  }

  #keepFor (slot: Slot, why: Why): boolean {
    if (slot.why !== why) this.#file.append([{ kind: 'waits', why, id: Buffer.from(slot.id, 'hex') }])
    slot.why = why
    return true
  }

  #recall (): void {
    for (let record = 0; record < this.#file.count; record++) {
      const story = this.#file.read(record)
      if (story?.kind === 'item') this.#recallItem(story.bytes, story.why, record)
      if (story?.kind === 'waits') for (const slot of this.#lot.withId(hexOf(story.id))) slot.why = story.why
      if (story?.kind === 'gone') for (const slot of story.ids.flatMap((id) => this.#lot.withId(hexOf(id)))) this.#lot.remove(slot)
    }
  }

  #recallItem (bytes: Uint8Array, why: Why, record: number): void {
    const arrival = this.#parse(bytes)
    if (arrival === undefined) return
    const slot = slotFor(arrival, bytes.length, why)
    if (this.#lot.find(slot) === undefined && this.#lot.makeWay(slot)?.length === 0) this.#lot.add({ ...slot, record })
  }

  /** The item in a slot. What cannot be read any more is forgotten. */
  #arrivalIn (slot: Slot): Arrival | undefined {
    const story = this.#file.read(slot.record)
    const arrival = story?.kind === 'item' ? this.#parse(story.bytes) : undefined
    if (arrival === undefined) this.#lot.remove(slot)
    return arrival
  }

  #parse (bytes: Uint8Array): Arrival | undefined {
    try {
      return recallArrival(bytes, this.#meshId)
    } catch (error) {
      if (isMeshError(error, 'MESH_ENVELOPE_INVALID')) return undefined
      throw error
    }
  }

  /** Writes the file anew when more than half of it is in vain. */
  async #compact (): Promise<void> {
    const needed = this.#lot.bytes + this.#lot.items * itemOverhead
    if (this.#file.bytes - needed < Math.max(needed, minGarbageBytes)) return
    const kept = this.#lot.slots.flatMap((slot) => {
      const item = this.#file.read(slot.record)
      return item?.kind === 'item' ? [{ slot, item: { ...item, why: slot.why } }] : []
    })
    if (!await this.#file.rewrite(kept.map(({ item }) => item))) return
    for (const [record, { slot }] of kept.entries()) slot.record = record
  }
}

function gone (slots: readonly Slot[]): ParkingRecord[] {
  return slots.length === 0 ? [] : [{ kind: 'gone', ids: slots.map(({ id }) => Buffer.from(id, 'hex')) }]
}
