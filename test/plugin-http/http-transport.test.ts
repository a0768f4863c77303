import { expect } from 'chai'
import { TestNode } from './fixture.ts'

const never = new AbortController().signal

describe('HttpTransport', () => {
  it('announces where it listens and gives the local API an address, while it runs', async () => {
    const node = new TestNode()
    const before = [node.assemble().addresses, node.httpRoutes.baseUrl]
    await node.start()
    const { port } = node
    expect([before, node.assemble().addresses, node.assemble().capabilities, node.httpRoutes.baseUrl, node.refreshed])
      .to.deep.equal([[[], undefined], [{ host: '127.0.0.1', port }], ['http'], `http://127.0.0.1:${port}`, 1])
    await node.stop()
    expect([node.assemble().addresses, node.httpRoutes.baseUrl]).to.deep.equal([[], undefined])
  })

  it('has links to peers only', async () => {
    const outcome = await new TestNode().transport.connect({ kind: 'shared' }, never).catch((error: unknown) => error)
    expect(outcome).to.be.instanceOf(TypeError)
  })
})
