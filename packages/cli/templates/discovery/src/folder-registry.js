import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** @import { Address, Did, Random } from '@akshi/core' */

/** A `Registry` in a folder, with a file for each node, named after its DID. */
export class FolderRegistry {
  title
  #dir
  #random

  /** @param {{ readonly dir: string, readonly random: Random }} options */
  constructor ({ dir, random }) {
    this.title = `the folder ${dir}`
    this.#dir = dir
    this.#random = random
  }

  async list () {
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.json'))
    return (await Promise.all(names.map((name) => readEntry(join(this.#dir, name))))).flat()
  }

  /**
   * @param {Did} did
   * @param {readonly Address[]} addresses
   */
  async put (did, addresses) {
    const draft = join(this.#dir, `.${Buffer.from(this.#random.bytes(8)).toString('hex')}.tmp`)
    await mkdir(this.#dir, { recursive: true })
    await writeFile(draft, JSON.stringify({ did, addresses }))
    await rename(draft, this.#fileOf(did))
  }

  /** @param {Did} did */
  async remove (did) {
    await rm(this.#fileOf(did), { force: true })
  }

  /** @param {Did} did */
  #fileOf (did) {
    return join(this.#dir, `${did.slice('did:key:'.length)}.json`)
  }
}

/**
 * A file that makes no sense, or is gone by now, says nothing.
 *
 * @param {string} path
 * @returns {Promise<{ readonly did: unknown, readonly addresses: unknown }[]>}
 */
async function readEntry (path) {
  try {
    const entry = JSON.parse(await readFile(path, 'utf8'))
    return typeof entry === 'object' && entry !== null ? [entry] : []
  } catch {
    return []
  }
}
