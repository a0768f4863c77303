import { expect } from 'chai'
import fc from 'fast-check'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { ChangeGraph, nextOp, type ChangeNode } from '../../../../packages/core/src/journal/state/change-graph.ts'
import { readCandidate } from '../../../../packages/core/src/journal/state/candidate.ts'
import { actorFor, craft } from './crafted-change.ts'
import { journal, sealAs } from './state-fixture.ts'

const identities = Array.from({ length: 12 }, createIdentity)

/** For each change, which of those before it it names as what it builds on. */
const shape = fc.array(fc.array(fc.nat(11), { maxLength: 3 }), { minLength: 2, maxLength: 12 })

/** A graph with a change by each of some origins. */
function graphOf (picks: readonly (readonly number[])[]): ChangeGraph {
  const graph = new ChangeGraph()
  for (const [index, names] of picks.entries()) {
    const identity = identities[index] as typeof identities[number]
    const deps = [...new Set(names.map((name) => graph.nodes[name]).filter((node) => node !== undefined))]
    const hashes = deps.map(({ candidate: { hash } }) => new Uint8Array(Buffer.from(hash, 'hex')))
    const candidate = readCandidate(sealAs(identity, craft(actorFor(identity), { startOp: nextOp(deps), deps: hashes }), undefined), journal)
    if (typeof candidate === 'string') throw new Error(candidate)
    expect(graph.add(candidate)).to.equal(undefined)
  }
  return graph
}

function ancestorsOf (node: ChangeNode): Set<ChangeNode> {
  return new Set(node.deps.flatMap((dep) => [dep, ...ancestorsOf(dep)]))
}

describe('ChangeGraph', () => {
  it('knows what each change builds on, directly or through others', () => {
    fc.assert(fc.property(shape, (picks) => {
      const graph = graphOf(picks)
      for (const node of graph.nodes) {
        const ancestors = graph.nodes.filter((other) => other !== node && graph.descends([node], other))
        expect(ancestors.map(({ order }) => order)).to.deep.equal([...ancestorsOf(node)].map(({ order }) => order).sort((a, b) => a - b))
      }
    }))
  })

  it('has as heads the changes that no other builds on', () => {
    fc.assert(fc.property(shape, (picks) => {
      const { nodes, heads } = graphOf(picks)
      expect(heads.map(({ order }) => order).sort((a, b) => a - b)).to.deep.equal(nodes.filter((node) => !nodes.some(({ deps }) => deps.includes(node))).map(({ order }) => order))
    }))
  })
})
