import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import { FaultyDisk } from '@akshi/testkit'
import { openEnvelope } from '../../../../packages/core/src/envelope.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { codeOf, failureOf } from '../../../support/failures.ts'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { actorFor, craft, setRoot } from './crafted-change.ts'
import { at, changeOf, envelopesOf, folder, journal, meshId, sealAs, StateNode } from './state-fixture.ts'

interface Plan { title: string, steps: string[], budget?: number | null }

describe('JournalState', () => {
  it('is an empty object with no heads and no feeds before anything is written, and makes no file', async () => {
    const node = await StateNode.open()
    expect([node.view, node.disk.paths()]).to.deep.equal([{ value: {}, heads: [], feeds: [] }, ['/home/applying']])
  })

  it('writes a change as one signed envelope of its own feed', async () => {
    const node = await StateNode.open()
    const envelope = await node.set('a', 1)
    const { header } = openEnvelope(envelope.bytes, meshId)
    const { hash, actor } = changeOf(envelope)
    expect(header).to.deep.equal({ kind: 'journal', journal, part: 'state', seq: 1, prev: undefined, actor, heads: [hash], at })
    expect(node.view).to.deep.equal({ value: { a: 1 }, heads: [hexOf(hash)], feeds: [[node.identity.did, [[1, hexOf(envelope.id)]], [hexOf(hash)]]] })
  })

  it('chains its envelopes, also over a restart, which adds no tip and writes as another actor', async () => {
    const node = await StateNode.open()
    const first = await node.set('a', 1)
    const second = await node.set('b', 2)
    await node.restart()
    const third = await node.set('c', 3)
    expect([second.header.prev, third.header.prev, third.header.seq]).to.deep.equal([first.id, second.id, 3])
    expect([changeOf(second).seq, changeOf(third).seq, changeOf(third).deps]).to.deep.equal([2, 1, [changeOf(second).hash]])
    expect(node.state.feeds.map(({ state: { tips } }) => tips)).to.deep.equal([[{ seq: 3, id: third.id }]])
  })

  it('is the same after a restart', async () => {
    const node = await StateNode.open()
    await node.state.change<Plan>((draft) => Object.assign(draft, { title: 'Move', steps: ['pack', 'drive'] }), at)
    const before = node.view
    await node.restart(node.disk.afterKill())
    expect(node.view).to.deep.equal(before)
  })

  it('resolves to nothing and writes nothing when an edit changes nothing', async () => {
    const node = await StateNode.open()
    await node.set('a', 1)
    const before = await envelopesOf(node)
    expect(await node.state.change(() => {}, at)).to.equal(undefined)
    expect(await envelopesOf(node)).to.deep.equal(before)
  })

  it('passes on what an edit throws, undoes it, and goes on as the same actor', async () => {
    const node = await StateNode.open()
    const first = await node.set('a', 1)
    const cause = new Error('no')
    const error = await failureOf(() => node.state.change((draft) => {
      draft['a'] = 2
      throw cause
    }, at))
    const second = await node.set('b', 2)
    expect([error, node.state.value, second.header.actor, second.header.seq]).to.deep.equal([cause, { a: 1, b: 2 }, first.header.actor, 2])
  })

  it('refuses an asynchronous edit and undoes what it did', async () => {
    const node = await StateNode.open()
    const error = await failureOf(() => node.state.change(async (draft) => { draft['a'] = 2 }, at))
    expect([error instanceof TypeError, node.view]).to.deep.equal([true, { value: {}, heads: [], feeds: [] }])
  })

  for (const [name, text] of [['operations', 'x'.repeat(100_001)], ['bytes', '']] as const) {
    it(`refuses a change of too many ${name}, and goes on`, async () => {
      const node = await StateNode.open()
      await node.set('a', 1)
      const code = await codeOf(() => node.state.change((draft) => { draft['text'] = text === '' ? new Uint8Array(1 << 20) : text }, at))
      await node.set('b', 2)
      expect([code, node.state.value]).to.deep.equal(['MESH_ENTRY_TOO_LARGE', { a: 1, b: 2 }])
    })
  }

  it('holds any JSON, and bytes', async () => {
    const node = await StateNode.open()
    const value = { text: 'Zürich 🚆', number: -1.5, yes: true, none: null, list: [1, [2, { deep: 'x' }]], bytes: Uint8Array.of(0, 255) }
    await node.state.change((draft) => Object.assign(draft, structuredClone(value)), at)
    expect(node.state.value).to.deep.equal(value)
  })

  it('shows what only other programs write as the nearest plain value', async () => {
    const stranger = createIdentity()
    const actor = actorFor(stranger)
    const ops = [
      { ...setRoot('counter', 5), datatype: 'counter' },
      { ...setRoot('time', 0), datatype: 'timestamp' },
      { ...setRoot('large', 7), datatype: 'uint' },
      { ...setRoot('scalar', 0), value: 'text' }
    ]
    const node = await StateNode.open()
    expect(await node.take(sealAs(stranger, craft(actor, { ops }), undefined))).to.deep.equal(['stored'])
    expect(node.state.value).to.deep.equal({ counter: 5, time: '1970-01-01T00:00:00.000Z', large: 7, scalar: 'text' })
  })

  it('gives a frozen copy that later changes do not alter, and the same one until then', async () => {
    const node = await StateNode.open()
    await node.state.change<Plan>((draft) => { draft.steps = ['pack'] }, at)
    const before = node.state.value as Plan
    expect([node.state.value === before, Object.isFrozen(before), Object.isFrozen(before.steps)]).to.deep.equal([true, true, true])
    await node.state.change<Plan>((draft) => { draft.steps.push('drive') }, at)
    expect([before, node.state.value]).to.deep.equal([{ steps: ['pack'] }, { steps: ['pack', 'drive'] }])
  })

  it('shows value, heads and tips of a change together, once it is on disk', async () => {
    const node = await StateNode.open()
    await node.set('a', 1)
    const before = node.view
    const pending = node.set('b', 2)
    const seen: unknown[] = []
    for (let moment = 0; moment < 80; moment++) {
      seen.push(node.view)
      await (moment % 8 === 7 ? setImmediate() : Promise.resolve())
    }
    await pending
    expect(seen.filter((view) => ![before, node.view].some((whole) => isDeepStrictEqual(view, whole)))).to.deep.equal([])
  })

  it('merges what two nodes wrote without knowing of each other', async () => {
    const alpha = await StateNode.open()
    const beta = await StateNode.open()
    const base = await alpha.set('title', 'Move')
    await beta.take(base)
    const left = await alpha.state.change((draft) => { draft['a'] = 1 }, at)
    const right = await beta.state.change<{ title: string, b: number }>((draft) => { draft.b = 2 }, at)
    if (left === undefined || right === undefined) throw new Error('both change something')
    expect([await alpha.take(right), await beta.take(left)]).to.deep.equal([['stored'], ['stored']])
    expect(alpha.view).to.deep.equal(beta.view)
    expect([alpha.state.value, alpha.heads.length]).to.deep.equal([{ title: 'Move', a: 1, b: 2 }, 2])
  })

  it('goes on when more nodes wrote at once than a change can build on', async () => {
    const node = await StateNode.open()
    await node.set('own', 0)
    const others = await Promise.all(Array.from({ length: 150 }, () => StateNode.open()))
    const envelopes = await Promise.all(others.map((other, index) => other.set(`k${index}`, index)))
    expect(new Set(await node.take(...envelopes))).to.deep.equal(new Set(['stored']))
    expect(await node.state.change(() => {}, at)).to.equal(undefined)
    await node.set('last', 1)
    const reader = await StateNode.open()
    expect(new Set(await reader.take(...await envelopesOf(node)))).to.deep.equal(new Set(['stored']))
    expect(reader.view).to.deep.equal(node.view)
    expect([node.heads.length, node.state.feedOf(node.identity.did)?.state.tips[0]?.seq]).to.deep.equal([1, 4])
  })

  it('opens no document until it is used', async () => {
    const node = await StateNode.open()
    await node.set('a', 1)
    const tips = node.state.feeds.map(({ state }) => state)
    let actors = 0
    node.newActor = () => {
      actors++
      return new Uint8Array(16)
    }
    await node.restart()
    expect([node.state.feeds.map(({ state }) => state), actors]).to.deep.equal([tips, 0])
    expect([node.state.value, actors]).to.deep.equal([{ a: 1 }, 1])
  })

  it('passes over files in its folder that are not its own', async () => {
    const disk = new FaultyDisk()
    disk.place(`${folder}/notes.state`, Buffer.from('x'))
    disk.place(`${folder}/z6Mk.state.damaged`, Buffer.from('x'))
    expect((await StateNode.open(undefined, disk)).state.feeds).to.deep.equal([])
  })
})
