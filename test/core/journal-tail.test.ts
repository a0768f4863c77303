import { expect } from 'chai'
import { settle, until } from '@akshi/testkit'
import type { TailOptions } from '../../packages/core/src/control.ts'
import { controlOf } from './sync/control-fixture.ts'
import { makeMesh, MeshNode } from './sync/mesh-node.ts'

/** A reader that follows a journal; `stop` ends it. */
function follow (node: MeshNode, options: TailOptions = {}) {
  const stopped = new AbortController()
  const seen: unknown[] = []
  const cursors: string[] = []
  const reading = (async () => {
    for await (const { entry, cursor } of controlOf(node).tail('notes', { ...options, signal: stopped.signal })) {
      seen.push(entry.body)
      cursors.push(cursor)
    }
  })()
  const stop = async () => {
    stopped.abort()
    await reading
  }
  return { seen, cursors, stop }
}

describe('JournalControl.tail', () => {
  it('gives what comes from now on, of all nodes, as it comes, though it sorts before what was there', async () => {
    await using mesh = await makeMesh(2)
    const [node, other] = mesh as unknown as [MeshNode, MeshNode]
    await other.append('early')
    await node.clock.advance(1_000)
    await node.append('before')
    const { seen, stop } = follow(node)
    await settle()
    await node.append('after')
    await until(() => seen.length === 1)
    await node.inbox.receive(await other.envelopes(), other.source)
    await until(() => seen.length === 2)
    await stop()
    expect(seen).to.deep.equal(['after', 'early'])
  })

  it('loses and doubles nothing between what was there and what comes, whatever is written meanwhile', async () => {
    await using node = await MeshNode.make()
    await node.append(...Array.from({ length: 20 }, (_, body) => body))
    const { cursor } = await (await node.journals.get('notes')).read({ limit: 5 })
    const { seen, stop } = follow(node, { since: cursor })
    for (let body = 20; body < 60; body++) await node.append(body)
    await until(() => seen.length >= 55)
    await settle()
    await stop()
    expect(seen).to.deep.equal(Array.from({ length: 55 }, (_, index) => index + 5))
  })

  it('goes on after the last entry that was given, with its cursor', async () => {
    await using node = await MeshNode.make()
    await node.append(1, 2, 3)
    const first = follow(node, { since: (await controlOf(node).read('none')).cursor })
    await until(() => first.seen.length === 3)
    await first.stop()
    await node.append(4)
    const second = follow(node, { since: first.cursors.at(-1) ?? '' })
    await until(() => second.seen.length === 1)
    await second.stop()
    expect(second.seen).to.deep.equal([4])
  })

  it('passes over other kinds', async () => {
    await using node = await MeshNode.make()
    const { seen, stop } = follow(node, { kind: 'task' })
    await settle()
    await controlOf(node).append('notes', [{ body: 1 }, { kind: 'task', body: 2 }, { body: 3 }, { kind: 'task', body: 4 }])
    await until(() => seen.length === 2)
    await stop()
    expect(seen).to.deep.equal([2, 4])
  })

  it('waits for a journal that is not there yet, and ends at once when it is told to or the journals close', async () => {
    await using node = await MeshNode.make()
    const [first, second] = [follow(node), follow(node)]
    await settle()
    await node.append(1)
    await until(() => first.seen.length + second.seen.length === 2)
    await first.stop()
    await node.journals.close()
    await second.stop()
    const late = follow(node)
    await late.stop()
    expect([first.seen, second.seen, late.seen]).to.deep.equal([[1], [1], []])
  })
})
