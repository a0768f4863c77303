import {
  definePlugin, describeError, isSnapshot, MeshError, NoConfig, peekItem, type Clock, type Did, type Digest, type EnvelopeReceiver, type Link, type LinkTarget, type Plugin,
  type PullOptions, type Range, type Receipt, type Timer, type Transport, type Verdict
} from '@akshi/core'
import type { SharedFolder } from './shared-folder.ts'

/** How often the folder is looked at. */
const pollMs = 1_000
/** So many files are read or written at once; a crash may come between. */
const chunk = 8

/** A plugin whose transport goes through a `SharedFolder`. */
export function folderPlugin (folder: SharedFolder, did: Did): Plugin {
  return definePlugin({ name: folder.name, apiVersion: 1, config: NoConfig, setup: () => ({ transport: new MemoryFolderTransport(folder, did) }) })
}

/** Carries items through a `SharedFolder`, for one life of one node. */
export class MemoryFolderTransport implements Transport {
  readonly reach = 'shared'
  readonly folder: SharedFolder
  readonly did: Did
  #receiver: EnvelopeReceiver | undefined
  #timer: Timer | undefined
  /** The changes of the folder that are no news to the node. */
  #seen = -1
  #wasMounted = true

  constructor (folder: SharedFolder, did: Did) {
    this.folder = folder
    this.did = did
  }

  async start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#receiver = receiver
    this.folder.attach(this.did, this)
    this.#poll()
  }

  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    if (target.kind !== 'shared') throw new TypeError('A folder reaches everybody: connect to { kind: "shared" }')
    return new FolderLink(this)
  }

  async stop (): Promise<void> {
    this.#timer?.cancel()
    this.#receiver = undefined
    if (this.isRunning) this.folder.detach(this.did)
  }

  get isRunning (): boolean { return this.folder.isAttached(this.did, this) }

  /** The node knows what is there now. */
  noteSeen (): void { this.#seen = this.folder.changes }

  /** Changes the folder; that is no news to whoever does. */
  change<Result> (run: () => Result): Result {
    const isKnown = this.#seen === this.folder.changes
    const result = run()
    if (isKnown) this.noteSeen()
    return result
  }

  #poll (): void {
    const { folder, did } = this
    if (!this.isRunning) return
    const isMounted = folder.isMounted(did)
    const hasNews = isMounted && (this.#seen !== folder.changes || !this.#wasMounted)
    this.#wasMounted = isMounted
    if (hasNews) {
      this.noteSeen()
      this.#receiver?.hint({ kind: 'shared', name: folder.name })
    }
    this.#timer = folder.clock.timer(pollMs, () => this.#poll())
  }
}

class FolderLink implements Link {
  readonly #transport: MemoryFolderTransport
  #isClosed = false

  constructor (transport: MemoryFolderTransport) {
    this.#transport = transport
  }

  async push (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const { folder } = this.#transport
    const verdicts: Verdict[] = []
    for (const [index, bytes] of batch.entries()) {
      if (index % chunk === 0) await this.#reach(signal)
      verdicts.push(this.#transport.change(() => put(folder, bytes)))
    }
    const taken = batch.filter((_, index) => verdicts[index]?.status !== 'refused')
    this.#clean(taken)
    const feeds = new Map(taken.map((bytes) => feedOf(bytes, folder.meshId)).map((feed) => [JSON.stringify(feed), feed]))
    return { verdicts, have: [...feeds.values()].flatMap((feed) => folder.stateOf(feed) ?? []) }
  }

  async digest (_mine: Digest, signal: AbortSignal): Promise<Digest> {
    await this.#reach(signal)
    this.#transport.noteSeen()
    return this.#transport.folder.digest()
  }

  async * pull (want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { folder } = this.#transport
    await this.#reach(signal)
    const names = want.flatMap((range) => folder.select(range, options)).slice(0, options.limit)
    for (const [index, name] of names.entries()) {
      if (index % chunk === chunk - 1) await this.#reach(signal)
      const bytes = folder.read(name)
      if (bytes !== undefined) yield bytes
    }
  }

  async close (): Promise<void> { this.#isClosed = true }

  /** An origin deletes its own envelopes once a snapshot of its own stands for them. */
  #clean (items: readonly Uint8Array[]): void {
    const { folder, did } = this.#transport
    const own = items.filter((bytes) => isSnapshot(bytes) && feedOf(bytes, folder.meshId).origin === did)
    for (const bytes of own) this.#transport.change(() => folder.clean(bytes))
  }

  /** Resolves when the folder has answered, if it can be reached then. */
  async #reach (signal: AbortSignal): Promise<void> {
    const { folder, did } = this.#transport
    this.#checkOpen()
    await pause(folder.clock, folder.delayMs, signal)
    this.#checkOpen()
    if (!folder.isMounted(did)) throw new MeshError('MESH_DISK_FAILED', `The shared folder ${folder.name} is not mounted. It is tried again.`)
  }

  #checkOpen (): void {
    if (this.#isClosed || !this.#transport.isRunning) throw new MeshError('MESH_NOT_RUNNING', 'The link to the shared folder is closed. Connect again.')
  }
}

/** As `sleep`, for a signal that many wait with. */
function pause (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      timer.cancel()
      reject(signal.reason)
    }
    const timer = clock.timer(delayMs, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

function put (folder: SharedFolder, bytes: Uint8Array): Verdict {
  try {
    return { status: folder.put(bytes) }
  } catch (error) {
    return { status: 'refused', reason: describeError(error) }
  }
}

function feedOf (bytes: Uint8Array, meshId: string) {
  const { envelope: { origin, header: { journal, part } } } = peekItem(bytes, meshId)
  return { journal, part, origin }
}
