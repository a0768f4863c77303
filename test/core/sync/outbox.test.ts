import { expect } from 'chai'
import { isSnapshot } from '../../../packages/core/src/snapshot.ts'
import { gather, type GatherOptions, type HeldFeed, type Wanted } from '../../../packages/core/src/sync/outbox.ts'
import { MeshNode } from './mesh-node.ts'
import { onJournal } from '../../support/on-journal.ts'

/** What is gathered of all journals of a node, in the order of their names, and what is held back. */
async function gathered (node: MeshNode, options: Partial<GatherOptions> = {}): Promise<{ items: string[], held: string[], bytes: Uint8Array[] }> {
  const [items, bytes, held]: [string[], Uint8Array[], HeldFeed[]] = [[], [], []]
  const wanted = node.journals.feeds().map((feed): Wanted => ({ feed, have: [] }))
  const all = { limit: 100, maxBytes: Infinity, maxEnvelopes: 1_000, gate: node.gate, held: (feed: HeldFeed) => held.push(feed), ...options }
  for await (const { feed: { id }, kind, seq, bytes: each } of gather(wanted, 'to', all)) {
    items.push(`${id.journal} ${kind} ${seq}`)
    bytes.push(each)
  }
  return { items, bytes, held: held.map(({ feed: { id }, veto: { reason } }) => `${id.journal}: ${reason}`) }
}

describe('gather', () => {
  it('gives items feed by feed, each in order, up to the limit', async () => {
    await using node = await MeshNode.make()
    await node.appendTo('a', 1, 2)
    await node.appendTo('b', 3)
    expect((await gathered(node)).items).to.deep.equal(['a envelope 1', 'a envelope 2', 'b envelope 1'])
    expect((await gathered(node, { limit: 2 })).items).to.deep.equal(['a envelope 1', 'a envelope 2'])
    expect((await gathered(node, { limit: 0 })).items).to.deep.equal([])
  })

  it('gives as much as fits into the bytes, and one item at least', async () => {
    await using node = await MeshNode.make()
    await node.appendTo('a', 1, 2, 3)
    const [first = new Uint8Array(), second = new Uint8Array()] = (await gathered(node)).bytes
    expect((await gathered(node, { maxBytes: first.length + second.length })).items).to.deep.equal(['a envelope 1', 'a envelope 2'])
    expect((await gathered(node, { maxBytes: first.length + second.length - 1 })).items).to.deep.equal(['a envelope 1'])
    expect((await gathered(node, { maxBytes: 1 })).items).to.deep.equal(['a envelope 1'])
  })

  it('passes each item through the hook, snapshots too, and holds back the rest of a feed after a veto or a throw', async () => {
    await using node = await MeshNode.make()
    await node.appendTo('a', 1, 2, 3)
    await node.appendTo('b', 1)
    await (await node.journals.get('c')).append(Array.from({ length: 600 }, (_, body) => ({ body })))
    await node.appendTo('d', 1)
    const asked: string[] = []
    node.hooks.beforeEnvelopeSend.tap('test', onJournal(({ feed: { journal }, seq, bytes, to }) => {
      asked.push(`${journal} ${seq} ${isSnapshot(bytes)} ${to}`)
      if (journal === 'b') throw new Error('boom')
      return (journal === 'a' && seq === 2) || journal === 'c' ? { reason: 'quota' } : undefined
    }))
    const { items, held } = await gathered(node, { maxEnvelopes: 10 })
    expect([items, held]).to.deep.equal([['a envelope 1', 'd envelope 1'], ['a: quota', 'b: A tap of beforeEnvelopeSend failed: boom', 'c: quota']])
    expect(asked).to.deep.equal(['a 1 false to', 'a 2 false to', 'b 1 false to', 'c 1 true to', 'd 1 false to'])
  })

  it('asks nobody about what does not fit', async () => {
    await using node = await MeshNode.make()
    await node.appendTo('a', 1, 2)
    let asked = 0
    node.hooks.beforeEnvelopeSend.tap('test', () => { asked++ })
    await gathered(node, { limit: 1 })
    expect(asked).to.equal(1)
  })
})
