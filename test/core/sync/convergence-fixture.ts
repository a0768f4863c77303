import type { Convergence, PeerConvergence } from '../../../packages/core/src/control.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import { describeConvergence, type ConvergenceOptions } from '../../../packages/core/src/sync/convergence.ts'
import type { LinkLoop } from '../../../packages/core/src/sync/link-loop.ts'
import type { MeshNode } from './mesh-node.ts'

/** What a node answers from; it has no peers and no folder. */
export function partsOf ({ did: own, journals, sharing, notices, clock }: MeshNode): ConvergenceOptions {
  return { own, journals, sharing, notices, clock, nameOf, peers: [], linkTo: () => undefined, shared: new Map() }
}

/** What a node answers that has these links to nodes it trusts. */
export function tellAll (node: MeshNode, links: ReadonlyMap<MeshNode, LinkLoop | undefined>, question: { readonly agent?: string, readonly asker?: Did } = {}): Convergence {
  const peers = [...links.keys()].flatMap(({ did }) => node.peers.get(did) ?? [])
  return describeConvergence({ ...partsOf(node), peers, linkTo: (did) => [...links].find(([other]) => other.did === did)?.[1] }, question)
}

/** The lists of an answer that hold something, besides how many rows were left out. */
export function listsOf (answer: Convergence | PeerConvergence): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).filter(([name, value]) => name !== 'heads' && name !== 'peers' && Array.isArray(value) && value.length > 0))
}

export function nameOf (did: Did): string {
  return `~${did.slice(-4)}`
}
