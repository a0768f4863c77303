import type { PeerInfo } from '@libp2p/interface'

const maxSeen = 4_096

/**
 * Where other nodes were said to be. Each answer of the DHT names some forty, and libp2p writes every one to its store each time, which
 * takes a fifth of a node's processor time in a mesh of some twenty; what was said before need not be written again.
 */
export class SeenPeers {
  readonly #addresses = new Map<string, string>()

  /** Whether these addresses are others than those said last. */
  isNews ({ id, multiaddrs }: Pick<PeerInfo, 'id' | 'multiaddrs'>): boolean {
    const name = id.toString()
    const said = multiaddrs.join(' ')
    if (this.#addresses.get(name) === said) return false
    this.#addresses.delete(name)
    this.#addresses.set(name, said)
    for (const oldest of this.#addresses.keys()) {
      if (this.#addresses.size <= maxSeen) break
      this.#addresses.delete(oldest)
    }
    return true
  }
}
