import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, type Logger } from '@akshi/core'
import type { KnownNode } from './kad-node.ts'

const maxBytes = 262_144

/** The nodes of the DHT that were known last, in the node's folder, so that a start needs no bootstrap node. Losing it loses little: a file that cannot be read or written is said once. */
export class KnownNodesFile {
  readonly #path: string
  readonly #logger: Logger

  constructor (home: string, logger: Logger) {
    this.#path = join(home, 'dht-nodes.json')
    this.#logger = logger
  }

  /** Empty when there is no such file, or none that makes sense. */
  async read (): Promise<readonly KnownNode[]> {
    try {
      const text = await readFile(this.#path, 'utf8')
      const nodes: unknown = text.length > maxBytes ? [] : JSON.parse(text)
      return Array.isArray(nodes) ? nodes.filter(isKnownNode) : []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error)
      return []
    }
  }

  /** Resolves when they are written, or cannot be. */
  async write (nodes: readonly KnownNode[]): Promise<void> {
    try {
      await writeFile(`${this.#path}.new`, JSON.stringify(nodes), { mode: 0o600 })
      await rename(`${this.#path}.new`, this.#path)
    } catch (error) {
      this.#warn(error)
    }
  }

  #warn (error: unknown): void {
    this.#logger.warnOnce('dht-nodes', 'the nodes of the DHT that are known cannot be kept', { file: this.#path, error: describeError(error) })
  }
}

function isKnownNode (value: unknown): value is KnownNode {
  const { peer, addresses } = (value ?? {}) as Partial<Record<keyof KnownNode, unknown>>
  return typeof peer === 'string' && Array.isArray(addresses) && addresses.every((address) => typeof address === 'string')
}
