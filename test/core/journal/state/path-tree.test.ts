import { expect } from 'chai'
import fc from 'fast-check'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { PathTree } from '../../../../packages/core/src/journal/state/path-tree.ts'
import type { Tip } from '../../../../packages/core/src/transport.ts'

interface Node extends Tip { readonly parent: Node | undefined }

const idOf = (number: number) => Uint8Array.from({ length: 32 }, (_, at) => at === 0 ? number & 255 : at === 1 ? number >> 8 : 7)

/** A random tree: each number says which earlier point comes before, mostly the last one. */
const tree = fc.array(fc.option(fc.nat(), { freq: 6 }), { minLength: 1, maxLength: 60 }).map((picks) => {
  const nodes: Node[] = []
  for (const pick of picks) {
    const parent = pick === null ? nodes.at(-1) : [undefined, ...nodes][pick % (nodes.length + 1)]
    nodes.push({ seq: (parent?.seq ?? 0) + 1, id: idOf(nodes.length), parent })
  }
  return nodes
})

function pathTo (node: Node | undefined): Node[] {
  return node === undefined ? [] : [...pathTo(node.parent), node]
}

function treeOf (nodes: readonly Node[]): PathTree<Node> {
  const paths = new PathTree<Node>()
  for (const node of nodes) paths.add(node, node.parent?.id)
  return paths
}

const namesOf = (points: readonly Tip[]) => points.map(({ id }) => hexOf(id)).sort()

describe('PathTree', () => {
  it('has a tip for each point that none follows', () => {
    fc.assert(fc.property(tree, (nodes) => {
      expect(namesOf(treeOf(nodes).tips)).to.deep.equal(namesOf(nodes.filter((node) => !nodes.some(({ parent }) => parent === node))))
    }))
  })

  it('gives all points but those that lead to what is had, each after its predecessor, and counts them', () => {
    fc.assert(fc.property(tree, fc.array(fc.nat(70), { maxLength: 4 }), (nodes, picks) => {
      const have = picks.map((pick) => nodes[pick] ?? { seq: 9, id: idOf(1_000), parent: undefined })
      const had = new Set(have.flatMap(pathTo))
      const paths = treeOf(nodes)
      const after = paths.after(have)
      expect(namesOf(after)).to.deep.equal(namesOf(nodes.filter((node) => !had.has(node))))
      expect(paths.countAfter(have)).to.equal(after.length)
      for (const [index, { parent }] of after.entries()) expect(parent === undefined || had.has(parent) || after.indexOf(parent) < index).to.equal(true)
    }))
  })

  it('knows which point leads to which', () => {
    fc.assert(fc.property(tree, fc.nat(), fc.nat(), (nodes, one, other) => {
      const [point, end] = [nodes[one % nodes.length], nodes[other % nodes.length]] as [Node, Node]
      expect(treeOf(nodes).leadsTo(point, end)).to.equal(pathTo(end).includes(point))
    }))
  })

  it('names the tips, then one point near any place on any path, and no more than 64', () => {
    fc.assert(fc.property(tree, (nodes) => {
      const paths = treeOf(nodes)
      const { tips, points } = paths
      expect([points.slice(0, tips.length), points.length <= 64, new Set(points).size]).to.deep.equal([tips, true, points.length])
      if (points.length === 64) return
      for (const tip of tips) {
        for (const [back] of pathTo(tip).toReversed().entries()) {
          if ((back & (back - 1)) === 0) expect(points).to.include(pathTo(tip).at(-1 - back))
        }
      }
    }))
  })

  it('tells of a fork by the point that stood there first', () => {
    const [root, next, fork, second] = [{ seq: 1, id: idOf(1) }, { seq: 2, id: idOf(2) }, { seq: 2, id: idOf(3) }, { seq: 1, id: idOf(4) }] as const
    const paths = new PathTree<Tip>()
    expect([paths.add(root, undefined), paths.add(next, root.id), paths.add(fork, root.id), paths.add(second, undefined)]).to.deep.equal([undefined, undefined, next, root])
  })

  it('takes a point once, and after its predecessor', () => {
    const paths = new PathTree<Tip>()
    const root = { seq: 1, id: idOf(1) }
    paths.add(root, undefined)
    expect(() => paths.add(root, undefined)).to.throw(TypeError)
    expect(() => paths.add({ seq: 2, id: idOf(2) }, idOf(9))).to.throw(TypeError)
  })

  it('finds a point of the longest path by its number, or the end', () => {
    const paths = new PathTree<Tip>()
    for (let seq = 1; seq <= 5; seq++) paths.add({ seq, id: idOf(seq) }, seq === 1 ? undefined : idOf(seq - 1))
    paths.add({ seq: 3, id: idOf(33) }, idOf(2))
    expect([3, 5, 9, undefined].map((seq) => paths.longest(seq)?.id)).to.deep.equal([idOf(3), idOf(5), idOf(5), idOf(5)])
    expect(new PathTree<Tip>().longest()).to.equal(undefined)
  })
})
