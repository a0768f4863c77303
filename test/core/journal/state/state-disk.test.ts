import { expect } from 'chai'
import { crashes, seededRandom } from '@akshi/testkit'
import type { StateEnvelope } from '../../../../packages/core/src/envelope.ts'
import { codeOf } from '../../../support/failures.ts'
import { envelopesOf, pathOf, StateNode } from './state-fixture.ts'

describe('JournalState on a failing disk', () => {
  let alpha: StateNode
  let beta: StateNode
  beforeEach(async () => {
    alpha = await StateNode.open()
    beta = await StateNode.open()
  })

  /** How many write points a task takes. */
  async function pointsOf (node: StateNode, task: () => Promise<unknown>): Promise<number> {
    const { points } = node.disk
    await task()
    return node.disk.points - points
  }

  it('shows and keeps nothing of a change that cannot be written, and writes again when there is room', async () => {
    await alpha.set('a', 1)
    const count = await pointsOf(alpha, () => alpha.set('b', 2))
    for (let point = 1; point <= count; point++) {
      const { view } = alpha
      alpha.disk.failAt(alpha.disk.points + point, 'ENOSPC')
      expect(await codeOf(() => alpha.set('c', point))).to.equal('MESH_DISK_FAILED')
      expect(alpha.view).to.deep.equal(view)
      await alpha.set('d', point)
    }
    const { view } = alpha
    await alpha.restart(alpha.disk.afterKill())
    expect(alpha.view).to.deep.equal(view)
    expect(new Set(await beta.take(...await envelopesOf(alpha)))).to.deep.equal(new Set(['stored']))
    expect(beta.view).to.deep.equal(view)
  })

  it('says failed of a batch over two feeds when one cannot be written, shows none of it, and takes it the next time', async () => {
    const first = await alpha.set('a', 1)
    await beta.take(first)
    const second = await beta.set('b', 2)
    const batch = [await alpha.set('c', 3), second]
    const probe = await StateNode.open()
    await probe.take(first)
    const count = await pointsOf(probe, () => probe.take(...batch))
    for (let point = 1; point <= count; point++) {
      const reader = await StateNode.open()
      await reader.take(first)
      const { view } = reader
      reader.disk.failAt(reader.disk.points + point)
      const verdicts = await reader.take(...batch)
      if (verdicts.every((status) => status === 'stored')) continue     // the point was of the mark, after all was done
      expect([verdicts, reader.view]).to.deep.equal([['failed', 'failed'], view])
      expect(new Set(await reader.take(...batch))).to.deep.equal(new Set(['stored']))
      expect(reader.view).to.deep.equal(probe.view)
    }
  })

  it('has all that was acknowledged after a crash at any write point, and takes the rest again', async () => {
    const made: StateEnvelope[] = []
    for (let turn = 0; turn < 3; turn++) {
      made.push(await alpha.set(`a${turn}`, turn))
      await beta.take(made.at(-1) as StateEnvelope)
      made.push(await beta.set(`b${turn}`, turn))
      await alpha.take(made.at(-1) as StateEnvelope)
    }
    const script = async (node: StateNode, done: StateEnvelope[]) => {
      for (const pair of [made.slice(0, 2), made.slice(2, 4), made.slice(4)]) {
        if ((await node.take(...pair.toReversed())).every((status) => status === 'stored')) done.push(...pair)
        done.push(await node.set('own', done.length))
      }
    }
    const probe = await StateNode.open()
    const total = await pointsOf(probe, () => script(probe, []))
    for (let point = 1; point <= total; point++) {
      const node = await StateNode.open()
      const done: StateEnvelope[] = []
      node.disk.crashAt(node.disk.points + point)
      await crashes(() => script(node, done))
      for (const disk of [node.disk.afterKill(), node.disk.afterCrash({ random: seededRandom(point) })]) {
        const found = await StateNode.open(node.identity, disk)
        expect(new Set(await found.take(...done)), `crash at ${point}`).to.deep.equal(done.length === 0 ? new Set() : new Set(['duplicate']))
        await found.take(...made)
        await found.set('after', point)
        const reader = await StateNode.open()
        await reader.take(...await envelopesOf(found))
        expect(reader.view, `crash at ${point}`).to.deep.equal(found.view)
      }
    }
  })

  it('keeps what builds on a damaged feed out of the document until that is sent again, without loss or fork', async () => {
    const first = await beta.set('b', 1)
    await alpha.take(first)
    const own = await alpha.set('a', 2)
    const { view } = alpha
    alpha.disk.flip(pathOf(beta.identity), 40, 3)
    await alpha.restart(alpha.disk.afterKill())
    expect([alpha.state.value, alpha.damages.length, (await envelopesOf(alpha)).length]).to.deep.equal([{}, 1, 1])
    expect(await alpha.take(first)).to.deep.equal(['stored'])
    expect(alpha.view).to.deep.equal(view)
    expect((await alpha.set('c', 3)).header.prev).to.deep.equal(own.id)
  })

  it('opens with what is left when a file is cut anywhere, and takes the rest again', async () => {
    const made = [await alpha.set('a', 1), await alpha.set('b', 2)]
    await beta.take(...made)
    const path = pathOf(alpha.identity)
    const { length } = beta.disk.contentOf(path)
    for (let size = 0; size < length; size += 7) {
      const disk = beta.disk.afterKill()
      disk.truncate(path, size)
      const node = await StateNode.open(beta.identity, disk)
      const verdicts = await node.take(...made)
      expect(verdicts.filter((status) => status !== 'stored' && status !== 'duplicate')).to.deep.equal([])
      expect(node.view).to.deep.equal(alpha.view)
    }
  })
})
