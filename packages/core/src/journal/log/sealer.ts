import { deflateRaw } from 'node:zlib'
import { promisify } from 'node:util'
import type { LogEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import { SerialQueue } from '../../serial-queue.ts'
import { encodeSnapshot } from '../../snapshot.ts'
import { DamagedSegment } from './damaged-segment.ts'
import type { LogSegment } from './log-segment.ts'
import type { Point } from './segment-index.ts'
import type { SegmentStore } from './segment-store.ts'

const deflate = promisify(deflateRaw)

/** A snapshot, and the envelope that it reaches up to. */
export interface SnapshotItem {
  readonly point: Point
  readonly bytes: Uint8Array
}

/**
 * Makes snapshots of segments, beside the feed's queue, one at a time: of one that takes no more (sealing), and of one that
 * somebody asks for who is far behind.
 */
export class Sealer {
  readonly #store: SegmentStore
  /** The feed's queue: what is written goes through it. */
  readonly #feed: SerialQueue
  readonly #queue = new SerialQueue()

  constructor (store: SegmentStore, feed: SerialQueue) {
    this.#store = store
    this.#feed = feed
  }

  /** The snapshot of a segment up to its last envelope or at most `slack` entries before it, made if there is none. */
  async snapshot (segment: LogSegment, slack = 0): Promise<SnapshotItem> {
    return await stored(segment, slack) ?? await this.#queue.run(async () => {
      // Whoever sealed before may have made it, and dropped what it was to be made of.
      const present = await stored(segment, slack)
      if (present !== undefined) return present
      const item = await this.#make(segment)
      void this.#keep(segment, item)                                       // who asks need not wait for it
      return item
    })
  }

  /** Seals a segment that takes no more, some time after this returns. */
  seal (segment: LogSegment): void {
    this.#queue.run(async () => {
      if (this.#store.isClosed) return
      if (segment.base?.seq !== segment.tip.seq) await this.#adopt(segment, await this.#make(segment))
      const { parent } = segment
      if (parent?.children.every((child) => child.base?.seq === child.tip.seq && child.children.length > 0) === true) await this.#feed.run(() => parent.dropLog())
    }).catch(async (error: unknown) => {
      if (error instanceof DamagedSegment) await this.#store.lose(error.segment, error)
      else this.#note(`segment ${segment.number} could not be sealed yet: ${describeError(error)}`)
    })
  }

  /** Resolves when nothing is being made. */
  rest (): Promise<void> {
    return this.#queue.run(() => {})
  }

  async #make (segment: LogSegment): Promise<SnapshotItem> {
    const { proof, document, point } = await this.#feed.run(() => segment.capture())
    return { point, bytes: await packSnapshot(proof, document) }
  }

  async #keep (segment: LogSegment, item: SnapshotItem): Promise<void> {
    try {
      await this.#queue.run(() => this.#adopt(segment, item))
    } catch (error) {
      this.#note(`the snapshot of segment ${segment.number} could not be kept: ${describeError(error)}`)
    }
  }

  #adopt (segment: LogSegment, { point, bytes }: SnapshotItem): Promise<void> {
    const store = this.#store
    return this.#feed.run(async () => {
      const isNews = !store.isClosed && store.tree.all.includes(segment) && (segment.base?.seq ?? 0) < point.seq
      if (isNews) await segment.adopt(bytes, point, undefined, (row) => store.putRow(row))
    })
  }

  #note (what: string): void {
    this.#store.context.noted?.(this.#store.id, what)
  }
}

/** The bytes of a snapshot; deflates off the main thread. */
export async function packSnapshot (proof: LogEnvelope, document: Uint8Array): Promise<Uint8Array> {
  return encodeSnapshot({ proof, inflatedBytes: document.length, deflated: await deflate(document) })
}

async function stored (segment: LogSegment, slack: number): Promise<SnapshotItem | undefined> {
  const { base, tip } = segment
  return base !== undefined && tip.entries - base.entries <= slack ? { point: base, bytes: await segment.readSnapshot() } : undefined
}
