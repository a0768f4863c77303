import { describeError, type Clock, type Did, type EnvelopeReceiver, type Link, type LinkTarget, type Logger, type Random, type Timer, type Transport } from '@akshi/core'
import { FolderLink } from './folder-link.ts'
import { FolderWatchers, systemWatch, type Watch } from './folder-watchers.ts'
import { SharedFolder } from './shared-folder.ts'
import { Turns } from './turns.ts'

/** What a folder transport is made of. */
export interface FolderOptions {
  /** The shared folder, absolute. */
  readonly dir: string
  readonly meshId: string
  /** This node. */
  readonly own: Did
  /** Permissions of new files; folders get `x` where files have `r`. */
  readonly fileMode: number
  readonly pollIntervalMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Default: the operating system's. It only makes polling come sooner. */
  readonly watch?: Watch
}

/** A change seldom comes alone. */
const settleMs = 20

/**
 * Carries envelopes and snapshots through a folder that nodes share: on one machine, over NFS or SMB, by Syncthing, on a
 * USB stick. What one node pushes, every node that reads the folder finds, whenever that is. Nothing is deleted but what
 * an origin has filed of its own and then replaced by a snapshot. The folder may be missing at any time: calls then
 * reject, polling goes on, and the receiver gets a hint when it is back.
 */
export class FolderTransport implements Transport {
  readonly reach = 'shared'
  readonly #options: FolderOptions
  readonly #folder: SharedFolder
  readonly #watchers: FolderWatchers
  readonly #turns = new Turns()
  readonly #stopped = new AbortController()
  #receiver: EnvelopeReceiver | undefined
  #timer: Timer | undefined
  #polling: Promise<void> | undefined
  #isSoon = false

  constructor (options: FolderOptions) {
    const { clock, random, watch = systemWatch } = options
    this.#options = options
    this.#folder = new SharedFolder({
      ...options,
      monotonic: () => clock.monotonic(),
      temporaryName: () => `.${process.pid}-${Buffer.from(random.bytes(8)).toString('hex')}.tmp`
    })
    this.#watchers = new FolderWatchers(watch, (folder, name) => {
      if (!this.#folder.knows(folder, name)) this.#pollSoon()
    })
  }

  /** Resolves at once, whether or not the folder is there; the first look at it is taken in the background. */
  async start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#receiver = receiver
    this.#schedule(0)
  }

  /** Resolves at once: whether the folder works shows with the first call. Throws `TypeError` for a link to one peer. */
  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    if (target.kind !== 'shared') throw new TypeError('A folder reaches everybody: connect to { kind: "shared" }')
    return new FolderLink(this.#folder, this.#turns, this.#options.meshId, this.#stopped.signal)
  }

  /** Resolves when no call is at work on the folder any more. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    this.#timer?.cancel()
    this.#watchers.close()
    await this.#turns.idle()
    await this.#polling
  }

  #pollSoon (): void {
    if (this.#isSoon) return
    this.#isSoon = true
    if (this.#polling === undefined) this.#schedule(settleMs)
  }

  #schedule (delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopped.signal.aborted) return
    this.#timer = this.#options.clock.timer(delayMs, () => {
      this.#isSoon = false
      this.#polling = this.#poll().finally(() => {
        this.#polling = undefined
        this.#schedule(this.#isSoon ? settleMs : this.#options.pollIntervalMs)
      })
    })
  }

  /** Never rejects. */
  async #poll (): Promise<void> {
    const { signal } = this.#stopped
    try {
      await this.#turns.take(signal, () => this.#folder.scan(signal))
      if (signal.aborted) return
      if (this.#watchers.follow(this.#folder.watchable)) this.#pollSoon()
      if (this.#folder.takeNews()) this.#receiver?.hint({ kind: 'shared', name: 'fs' })
    } catch (error) {
      if (signal.aborted) return
      this.#options.logger.warnOnce('shared folder', 'the shared folder is out of reach', { reason: describeError(error) })
    }
  }
}
