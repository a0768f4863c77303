import type { NodeStatus } from '@akshi/core'
import { demoJournal } from './feed.ts'
import type { DemoMesh } from './mesh.ts'
import type { DemoNode } from './node.ts'

/** What the demo shows of one node. */
export interface NodeSight {
  readonly name: string
  readonly url: string
  /** Names of the peers it trusts. */
  readonly peers: readonly string[]
  readonly transport: readonly string[]
  /** How many of its peers are linked over HTTP. */
  readonly linked: number
  readonly reason: string
  readonly entries: number
  /** The most that one of its peers lacks. */
  readonly lag: number
  readonly heads: readonly string[]
  /** How its process ended, if it did, and its last log lines. */
  readonly end?: { readonly how: string, readonly log: readonly string[] }
}

/** Looks at every node at once. One that does not answer is shown as it was last seen. */
export class MeshSight {
  readonly #mesh: DemoMesh
  readonly #last = new Map<DemoNode, NodeSight>()

  constructor (mesh: DemoMesh) {
    this.#mesh = mesh
  }

  look (): Promise<readonly NodeSight[]> {
    return Promise.all(this.#mesh.nodes.map((node) => this.#lookAt(node)))
  }

  async #lookAt (node: DemoNode): Promise<NodeSight> {
    try {
      this.#last.set(node, this.#toSight(node, await node.client.status()))
    } catch {
      // It is shown as ended below, or it answers the next time.
    }
    const { name, end } = node
    const seen = this.#last.get(node) ?? { name, url: '', peers: [], transport: [], linked: 0, reason: '', entries: 0, lag: 0, heads: [] }
    return end === undefined ? seen : { ...seen, end }
  }

  #toSight ({ name }: DemoNode, { url, peers, transport, journals }: NodeStatus): NodeSight {
    const journal = journals.find((each) => each.name === demoJournal)
    const trusted = peers.filter(({ trust }) => trust === 'trusted')
    return {
      name,
      url,
      peers: trusted.map((peer) => this.#mesh.nameOf(peer.did) ?? peer.name).sort(),
      transport: transport.active,
      linked: trusted.filter(({ via }) => via?.transport === 'http').length,
      reason: this.#mesh.withNames(transport.reason),
      entries: journal?.entries ?? 0,
      lag: Math.max(0, ...trusted.map(({ lag = 0 }) => lag)),
      heads: journal?.heads ?? []
    }
  }
}

/** True when all nodes that still run have the same, and have anything. */
export function sameHeads (sights: readonly NodeSight[]): boolean {
  const running = sights.filter(({ end }) => end === undefined)
  const heads = new Set(running.map((sight) => sight.heads.join()))
  return heads.size === 1 && !heads.has('')
}
