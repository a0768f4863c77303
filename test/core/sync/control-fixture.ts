import { JournalControl } from '../../../packages/core/src/journal-control.ts'
import { WriteGate } from '../../../packages/core/src/write-gate.ts'
import type { Convergence } from '../../../packages/core/src/control.ts'
import type { MeshNode } from './mesh-node.ts'

/** What a node's operator does with journals; it has nobody to converge with. */
export function controlOf ({ journals, inbox, sharing, hooks, notices }: MeshNode): JournalControl {
  const convergence = (journal: string): Convergence => ({
    agent: journal,
    local_seq: 0,
    peers: [],
    missing: [],
    parked: [],
    vouched: [],
    quarantined: [],
    forks: [],
    left_out: { missing: 0, parked: 0, vouched: 0, quarantined: 0, forks: 0 },
    converged: false,
    heads: [],
    reason: 'nobody is there'
  })
  return new JournalControl({ journals, inbox, sharing, writes: new WriteGate(hooks), notices, durability: 'fsync', nameOf: (did) => `name of ${did}`, convergence })
}
