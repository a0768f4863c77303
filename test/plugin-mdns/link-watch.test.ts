import type { MeshEvent } from '@akshi/core'
import { expect } from 'chai'
import { LinkWatch } from '../../packages/plugin-mdns/src/link-watch.ts'
import { newDid } from './fixtures.ts'

describe('LinkWatch', () => {
  it('tells of links to peers that go down, and ends when it is stopped', async () => {
    const did = newDid()
    const link = (to: string, state: string) => ({ id: '', at: '', type: 'link', data: { to, transport: 'http', state, reason: '' } }) as MeshEvent
    const down: string[] = []
    const watch = new LinkWatch({
      async * events ({ signal } = {}) {
        yield * [link(did, 'up'), link('/a/folder', 'down'), link(did, 'down')]
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      }
    }, (each) => down.push(each))
    await watch.start()
    await new Promise((resolve) => setImmediate(resolve))
    await watch.stop()
    expect(down).to.deep.equal([did])
  })
})
