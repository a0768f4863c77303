import { expect } from 'chai'
import { codeOf } from '../support/failures.ts'
import { controlOf } from './sync/control-fixture.ts'
import { makeMesh, MeshNode } from './sync/mesh-node.ts'

async function exported (node: MeshNode): Promise<Uint8Array[]> {
  const items: Uint8Array[] = []
  for await (const bytes of controlOf(node).exportItems('notes')) items.push(bytes)
  return items
}

describe('JournalControl', () => {
  it('reads a journal that does not exist as empty, and follows it with that cursor', async () => {
    await using node = await MeshNode.make()
    const control = controlOf(node)
    const { entries, cursor } = await control.read('notes')
    await control.append('notes', [{ body: 1 }])
    expect([entries, (await control.read('notes', { since: cursor })).entries.map(({ body }) => body), control.state('other'), node.journals.find('other')])
      .to.deep.equal([[], [1], { value: {}, heads: [], vouched: [] }, undefined])
  })

  it('refuses names that are no journal names', async () => {
    await using node = await MeshNode.make()
    const control = controlOf(node)
    const calls = [() => control.append('../x', [{ body: 1 }]), () => control.read('../x'), () => control.state('../x'), () => control.patchState('../x', {}), () => control.stats('../x'), () => control.handle('../x'), () => control.exportItems('../x').next(), () => control.tail('../x').next()]
    expect(await Promise.all(calls.map(codeOf))).to.deep.equal(calls.map(() => 'MESH_JOURNAL_NAME_INVALID'))
  })

  it('asks beforeWrite about each entry, and writes none when one is refused', async () => {
    await using node = await MeshNode.make()
    const asked: unknown[] = []
    node.hooks.beforeWrite.tap('test', ({ journal, part, kind, body }) => {
      asked.push([journal, part, kind, body])
      return body === 'secret' ? { reason: 'a secret' } : undefined
    })
    const control = controlOf(node)
    expect(await codeOf(() => control.append('notes', [{ body: 1 }, { kind: 'task', body: 'secret' }, { body: 3 }]))).to.equal('MESH_WRITE_VETOED')
    expect([asked, node.count()]).to.deep.equal([[['notes', 'log', 'note', 1], ['notes', 'log', 'task', 'secret']], 0])
  })

  it('writes what beforeWrite was asked about, whatever becomes of the object of the caller meanwhile', async () => {
    await using node = await MeshNode.make()
    const body = { words: 'harmless', toJSON: () => ({ words: 'as JSON has it' }) }
    const asked: unknown[] = []
    node.hooks.beforeWrite.tapPromise('test', async ({ body: looked }) => {
      asked.push(looked)
      body.toJSON = () => ({ words: 'otherwise' })
      return undefined
    })
    const control = controlOf(node)
    await control.append('notes', [{ body }])
    const { entries } = await control.read('notes')
    expect([asked, entries.map((entry) => entry.body)]).to.deep.equal([[{ words: 'as JSON has it' }], [{ words: 'as JSON has it' }]])
  })

  it('asks beforeWrite about the whole value that the state is to have, and changes nothing when it refuses', async () => {
    await using node = await MeshNode.make()
    const control = controlOf(node)
    await control.patchState('notes', { a: { b: 1 } })
    const asked: unknown[] = []
    node.hooks.beforeWrite.tap('test', ({ part, kind, body }) => {
      asked.push([part, kind, body])
      return { reason: 'no' }
    })
    expect(await codeOf(() => control.patchState('notes', { a: { c: 2 } }))).to.equal('MESH_WRITE_VETOED')
    expect([asked, control.state('notes').value]).to.deep.equal([[['state', 'state', { a: { b: 1, c: 2 } }]], { a: { b: 1 } }])
  })

  it('changes the state by a merge patch, and shows it with its heads', async () => {
    await using node = await MeshNode.make()
    const control = controlOf(node)
    const first = await control.patchState('notes', { plan: { step: 1, done: false }, list: [1, 2] })
    const second = await control.patchState('notes', { plan: { done: true, step: null }, list: [3] })
    expect([first.value, second.value, first.heads.length, second.heads.length]).to.deep.equal([{ plan: { step: 1, done: false }, list: [1, 2] }, { plan: { done: true }, list: [3] }, 1, 1])
    expect(await control.patchState('notes', {})).to.deep.equal(second)
  })

  it('refuses patches that are no objects or name a prototype, and changes nothing', async () => {
    await using node = await MeshNode.make()
    const control = controlOf(node)
    const patches = [null, 1, 'x', [1], JSON.parse('{"__proto__":{"polluted":true}}'), JSON.parse('{"a":{"__proto__":{"polluted":true}}}')]
    for (const patch of patches) expect(await codeOf(() => control.patchState('notes', patch)), JSON.stringify(patch)).to.equal('MESH_ENTRY_INVALID')
    expect([control.state('notes').value, ({} as Record<string, unknown>).polluted]).to.deep.equal([{}, undefined])
  })

  it('gives programs a handle that appends one or more, changes, reads and shows', async () => {
    await using node = await MeshNode.make()
    const journal = await controlOf(node).handle('notes')
    await journal.append({ body: 1 })
    const { ids } = await journal.append([{ body: 2 }, { body: 3 }])
    await journal.change((draft) => { draft.done = true })
    expect([journal.name, (await journal.read()).entries.map(({ body }) => body), ids.length, journal.state, journal.heads.length, journal.convergence().converged]).to.deep.equal(['notes', [1, 2, 3], 2, { done: true }, 2, false])
  })

  it('counts what each origin has written and what is parked', async () => {
    await using mesh = await makeMesh(2)
    await using stranger = await MeshNode.make()
    const [node, other] = mesh as unknown as [MeshNode, MeshNode]
    await node.append(1, 2)
    await other.append(3)
    await stranger.append(4)
    await node.inbox.receive([...await other.envelopes(), ...await stranger.envelopes()], other.source)
    const { name, entries, origins, bytes, parked, durability } = await controlOf(node).stats('notes')
    const [mine, theirs] = [node, other].map(({ did }) => origins.find((origin) => origin.did === did))
    const at = new Date(node.clock.now()).toISOString()
    expect([name, entries, durability, bytes > 500, origins.length]).to.deep.equal(['notes', 3, 'fsync', true, 2])
    expect(mine).to.deep.equal({ did: node.did, name: `name of ${node.did}`, entries: 2, envelopes: 2, paths: 1, segments: 1, sealed: 0, detached: 0, firstAt: at, lastAt: at })
    expect(theirs?.entries).to.equal(1)
    expect(parked.map(({ origin, why, items }) => [origin, why, items])).to.deep.equal([[stranger.did, 'trust', 1]])
    expect(await controlOf(node).stats('none')).to.deep.equal({ name: 'none', entries: 0, origins: [], bytes: 0, parked: [], durability: 'fsync' })
  })

  it('exports all of a journal, log and state, so that another node can import it, once', async () => {
    await using mesh = await makeMesh(3)
    const [one, two, three] = mesh as unknown as [MeshNode, MeshNode, MeshNode]
    await one.append(1, 2)
    await one.set('a', 1)
    await (await two.journals.get('notes')).append(Array.from({ length: 600 }, (_, body) => ({ body })))
    await one.inbox.receive(await two.envelopes(), two.source)
    const items = await exported(one)
    const first = await controlOf(three).importItems(items)
    const again = await controlOf(three).importItems(items)
    expect([first.others, first.stored, again.duplicate, again.stored]).to.deep.equal([[], items.length, items.length, 0])
    expect([three.journals.states(), three.count(), three.value]).to.deep.equal([one.journals.states(), 602, { a: 1 }])
  })

  it('says what became of items that are not taken, each reason once', async () => {
    await using node = await MeshNode.make()
    await using stranger = await MeshNode.make()
    await stranger.append(1, 2)
    const result = await controlOf(node).importItems([...await exported(stranger), Uint8Array.of(1)])
    expect([result.stored, result.duplicate, result.others.map(({ status, items }) => [status, items])]).to.deep.equal([0, 0, [['untrusted', 2], ['refused', 1]]])
  })
})
