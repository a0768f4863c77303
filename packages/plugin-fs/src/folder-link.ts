import { describeError, digestRoot, MeshError, peekItem, type Digest, type Link, type PullOptions, type Range, type Receipt, type Verdict } from '@akshi/core'
import type { Parcel } from './feed-folder.ts'
import { feedOf } from './folder-layout.ts'
import type { SharedFolder } from './shared-folder.ts'
import type { Turns } from './turns.ts'

/**
 * The link to everybody who shares the folder. Nobody answers at the other end: a digest says what the folder holds and
 * a receipt what is on its disk, not what any node has read. Each call rejects with `MESH_DISK_FAILED` while the folder
 * is out of reach, `MESH_NOT_RUNNING` once closed, and with `signal.reason` on abort (what was begun may still happen).
 */
export class FolderLink implements Link {
  readonly #folder: SharedFolder
  readonly #turns: Turns
  readonly #meshId: string
  readonly #stopped: AbortSignal
  #isClosed = false

  /** All who use the folder take turns; once `stopped` aborts, no call begins. */
  constructor (folder: SharedFolder, turns: Turns, meshId: string, stopped: AbortSignal) {
    this.#folder = folder
    this.#turns = turns
    this.#meshId = meshId
    this.#stopped = stopped
  }

  /** Takes items that were verified, documents of snapshots too; `stored` and `duplicate` mean on disk, name and content. */
  async push (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const parcels = batch.map((bytes) => openParcel(bytes, this.#meshId))
    const accepted = parcels.filter(isAccepted)
    return await this.#take(signal, async () => {
      const written = (await this.#folder.write(accepted, signal)).values()
      const verdicts = parcels.flatMap((parcel) => isAccepted(parcel) ? written.next().value ?? [] : parcel)
      return { verdicts, have: this.#folder.statesOf(accepted.map(({ envelope }) => feedOf(envelope))) }
    })
  }

  /** What the folder holds now. The feeds are always there: a folder has no heads, so its root is never that of a node. */
  async digest (_mine: Digest, signal: AbortSignal): Promise<Digest> {
    return await this.#take(signal, async () => {
      await this.#folder.scan(signal)
      this.#folder.takeNews()                                                       // the caller has it now
      const feeds = this.#folder.states
      return { root: digestRoot(feeds), feeds }
    })
  }

  /** Whatever is there of the ranges, with nothing behind a gap held back. What vanished is left out. */
  async * pull (want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncIterable<Uint8Array> {
    let left = options.limit
    for (const range of want) {
      const feed = await this.#take(signal, async () => await this.#folder.find(range.feed, signal))
      for (const name of feed?.namesIn(range, options) ?? []) {
        if (left <= 0) return
        const bytes = await this.#take(signal, async () => await feed?.read(name))
        if (bytes === undefined) continue
        left--
        yield bytes
      }
    }
  }

  async close (): Promise<void> {
    this.#isClosed = true
  }

  async #take<Result> (signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed || this.#stopped.aborted) throw new MeshError('MESH_NOT_RUNNING', 'The link to the shared folder is closed. Connect again.')
    return await this.#turns.take(signal, run)
  }
}

/** The item, or why it is none for a folder. */
function openParcel (bytes: Uint8Array, meshId: string): Parcel | Verdict {
  try {
    return { ...peekItem(bytes, meshId), bytes }
  } catch (error) {
    return { status: 'refused', reason: describeError(error) }
  }
}

function isAccepted (parcel: Parcel | Verdict): parcel is Parcel {
  return 'envelope' in parcel
}
