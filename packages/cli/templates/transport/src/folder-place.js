import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError } from '@akshi/core'

/** @import { Clock, Logger, Random, Timer } from '@akshi/core' */
/** @import { Parcel } from './item-index.js' */

const itemName = /^[0-9a-f]{64}\.(envelope|snapshot)$/

/** A `Place` in a folder, with a file for each item. Files are written beside their place and renamed, so that nobody reads half of one. */
export class FolderPlace {
  title
  #options
  /** Each file that was looked at, with what shows whether it has changed. @type {Map<string, string>} */
  #stamps = new Map()
  /** @type {Timer | undefined} */
  #timer
  #round = Promise.resolve()
  #isClosed = false

  /** @param {{ readonly dir: string, readonly intervalMs: number, readonly clock: Clock, readonly random: Random, readonly logger: Logger }} options */
  constructor (options) {
    this.#options = options
    this.title = `The folder ${options.dir}`
  }

  /**
   * @param {() => void} changed
   * @param {AbortSignal} signal
   */
  async open (changed, signal) {
    await mkdir(this.#options.dir, { recursive: true }).catch((error) => this.#warn(error))
    signal.throwIfAborted()
    this.#pollIn(this.#options.intervalMs, changed)
  }

  /** @param {readonly Parcel[]} parcels */
  async put (parcels) {
    /** @type {('stored' | 'duplicate')[]} */
    const statuses = []
    for (const parcel of parcels) statuses.push(await this.#write(parcel))
    if (statuses.includes('stored')) await sync(this.#options.dir)
    return statuses
  }

  /**
   * @param {(key: string, bytes: Uint8Array) => void} seen
   * @param {(key: string) => void} lost
   */
  async look (seen, lost) {
    const now = await this.#list()
    for (const name of [...this.#stamps.keys()].filter((name) => !now.has(name))) {
      this.#stamps.delete(name)
      lost(name)
    }
    for (const [name, stamp] of now) {
      if (this.#stamps.get(name) === stamp) continue
      const bytes = await this.read(name)
      if (bytes === undefined) continue
      this.#stamps.set(name, stamp)
      seen(name, bytes)
    }
  }

  /** @param {string} name */
  async read (name) {
    try {
      return await readFile(join(this.#options.dir, name))
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
      throw error
    }
  }

  async close () {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#round
  }

  /**
   * @param {Parcel} parcel
   * @returns {Promise<'stored' | 'duplicate'>}
   */
  async #write ({ name, bytes }) {
    const { dir, random } = this.#options
    const there = await this.read(name)
    if (there !== undefined && Buffer.compare(there, bytes) === 0) return 'duplicate'
    const draft = join(dir, `.${Buffer.from(random.bytes(8)).toString('hex')}.tmp`)
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, join(dir, name))
    return 'stored'
  }

  async #list () {
    const { dir } = this.#options
    const names = (await readdir(dir)).filter((name) => itemName.test(name))
    const stamps = await Promise.all(names.map(async (name) => {
      const { size, mtimeMs, ino } = await stat(join(dir, name)).catch(() => ({ size: 0, mtimeMs: 0, ino: 0 }))
      return /** @type {const} */ ([name, `${size} ${mtimeMs} ${ino}`])
    }))
    return new Map(stamps)
  }

  /**
   * @param {number} delayMs
   * @param {() => void} changed
   */
  #pollIn (delayMs, changed) {
    if (this.#isClosed) return
    this.#timer = this.#options.clock.timer(delayMs, () => {
      this.#round = this.#poll(changed).then(() => this.#pollIn(delayMs, changed))
    })
  }

  /** @param {() => void} changed */
  async #poll (changed) {
    try {
      const now = await this.#list()
      const isNew = now.size !== this.#stamps.size || [...now].some(([name, stamp]) => this.#stamps.get(name) !== stamp)
      if (isNew && !this.#isClosed) changed()
    } catch (error) {
      this.#warn(error)
    }
  }

  /** @param {unknown} error */
  #warn (error) {
    if (!this.#isClosed) this.#options.logger.warnOnce('folder', `${this.title} is out of reach`, { reason: describeError(error) })
  }
}

/** @param {string} path */
async function sync (path) {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
