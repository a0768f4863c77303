import type { ProofStep } from '../../automerge/document-proof.ts'
import type { Evictable, SegmentCache } from './segment-cache.ts'
import type { Point } from './segment-index.ts'
import type { LoadedSegment, StoredSegment } from './stored-segment.ts'

/** The content of a segment in memory, while it is in use or there is room: read from the disk when it is asked for. */
export class SegmentContent implements Evictable {
  readonly #stored: StoredSegment
  readonly #cache: SegmentCache
  #loading: Promise<LoadedSegment> | undefined
  #loaded: LoadedSegment | undefined
  #baseSteps: { readonly base: Point | undefined, readonly steps: Promise<readonly ProofStep[]> } | undefined
  #users = 0

  constructor (stored: StoredSegment, cache: SegmentCache) {
    this.#stored = stored
    this.#cache = cache
  }

  get loadedEntries (): number { return this.#loaded?.texts.length ?? 0 }
  get isBusy (): boolean { return this.#users > 0 }

  /** Rejects with `DamagedSegment`, `MESH_DISK_FAILED`. */
  load (): Promise<LoadedSegment> {
    this.#cache.touch(this)
    if (this.#loaded !== undefined) return Promise.resolve(this.#loaded)
    this.#loading ??= this.#readAgainIfChanged().finally(() => { this.#loading = undefined })
    return this.#loading
  }

  /** The changes up to the base, in order. Rejects as `load`. */
  stepsOfBase (): Promise<readonly ProofStep[]> {
    const { base } = this.#stored
    if (this.#baseSteps === undefined || this.#baseSteps.base !== base) {
      const steps = this.#stored.stepsOfBase()
      steps.catch(() => { this.#baseSteps = undefined })
      this.#baseSteps = { base, steps }
    }
    return this.#baseSteps.steps
  }

  /** Keeps the content in memory while a task runs. */
  async use<Result> (task: () => Promise<Result>): Promise<Result> {
    this.#users++
    try {
      return await task()
    } finally {
      this.#users--
    }
  }

  /** Gives the content of a segment that is known without reading it. */
  give (loaded: LoadedSegment | undefined): void {
    this.#loaded = loaded
  }

  unload (): void {
    this.#loaded = undefined
    this.#baseSteps = undefined
  }

  async #readAgainIfChanged (): Promise<LoadedSegment> {
    const { tip, base } = this.#stored
    const loaded = await this.#stored.load().catch((error: unknown) => {
      if (tip === this.#stored.tip && base === this.#stored.base) throw error
    })
    if (loaded === undefined || tip !== this.#stored.tip) return this.#loaded ?? await this.#readAgainIfChanged()
    this.#loaded = loaded
    this.#cache.touch(this)
    return loaded
  }
}
