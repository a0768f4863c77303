import { expect } from 'chai'
import fc from 'fast-check'
import { seededRandom, type FaultyDisk } from '@akshi/testkit'
import type { StateEnvelope } from '../../../../packages/core/src/envelope.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { envelopesOf, StateNode } from './state-fixture.ts'

const identities = [createIdentity(), createIdentity(), createIdentity()]

type Step =
  | { readonly kind: 'change', readonly node: number, readonly key: string, readonly value: number | string }
  | { readonly kind: 'deliver', readonly to: number, readonly picks: readonly number[] }
  | { readonly kind: 'restart' | 'crash' | 'backup' | 'restore' | 'lose', readonly node: number }

const node = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('change' as const), node, key: fc.constantFrom('a', 'b', 'c'), value: fc.oneof(fc.nat(9), fc.constantFrom('x', 'yy')) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deliver' as const), to: node, picks: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const, 'backup' as const, 'restore' as const, 'lose' as const), node }) }
)

/** Three nodes, every envelope that was ever acknowledged, and an old copy of each disk. */
class Mesh {
  readonly #nodes: StateNode[]
  readonly #backups: FaultyDisk[]
  readonly acknowledged: StateEnvelope[] = []

  private constructor (nodes: StateNode[]) {
    this.#nodes = nodes
    this.#backups = nodes.map(({ disk }) => disk.afterKill())
  }

  static async start (): Promise<Mesh> {
    return new Mesh(await Promise.all(identities.map((identity) => StateNode.open(identity))))
  }

  async play (step: Step): Promise<void> {
    if (step.kind === 'change') {
      const envelope = await this.#at(step.node).state.change((draft) => { draft[step.key] = step.value }, 0)
      if (envelope !== undefined) this.acknowledged.push(envelope)
    } else if (step.kind === 'deliver') {
      if (this.acknowledged.length === 0) return
      await this.#at(step.to).take(...step.picks.map((pick) => this.acknowledged[pick % this.acknowledged.length] as StateEnvelope))
    } else {
      await this.#disturb(step.node, step.kind)
    }
  }

  /** Everybody gets everything, in an order of each one's own, with duplicates. */
  async settle (): Promise<StateNode[]> {
    const { acknowledged } = this
    await Promise.all(this.#nodes.map((node, index) => node.take(...index === 0 ? acknowledged : index === 1 ? acknowledged.toReversed() : [...acknowledged, ...acknowledged])))
    return this.#nodes
  }

  async #disturb (index: number, kind: 'restart' | 'crash' | 'backup' | 'restore' | 'lose'): Promise<void> {
    const node = this.#at(index)
    if (kind === 'backup') this.#backups[index] = node.disk.afterKill()
    else if (kind === 'restore') await node.restart((this.#backups[index] as FaultyDisk).afterKill())
    else if (kind === 'crash') await node.restart(node.disk.afterCrash({ random: seededRandom(this.acknowledged.length) }))
    else if (kind === 'restart') await node.restart(node.disk.afterKill())
    else await node.restart((await StateNode.open()).disk)
  }

  #at (index: number): StateNode {
    return this.#nodes[index] as StateNode
  }
}

/** What must be the same on all: not the order in which paths appeared. */
function viewOf ({ state, heads }: StateNode): unknown {
  return { value: state.value, heads, tips: state.feeds.map(({ state: { tips } }) => tips.map(({ id }) => hexOf(id)).sort()) }
}

describe('JournalState in a mesh', () => {
  it('ends in equal heads and values with nothing lost, whatever happens to three nodes and what passes between them', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const mesh = await Mesh.start()
      for (const each of steps) await mesh.play(each)
      const [first, ...others] = await mesh.settle() as [StateNode, ...StateNode[]]
      for (const other of others) expect(viewOf(other)).to.deep.equal(viewOf(first))
      const found = new Set((await envelopesOf(first)).map(({ id }) => hexOf(id)))
      expect(mesh.acknowledged.filter(({ id }) => !found.has(hexOf(id)))).to.deep.equal([])
    }), { numRuns: 60 })
  })
})
