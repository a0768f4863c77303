import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect } from 'chai'
import { isMeshError } from '@akshi/core'
import { call } from './client.ts'
import { openPort, TestNode } from './fixture.ts'

const never = new AbortController().signal

describe('HttpProber', () => {
  let alpha: TestNode
  let beta: TestNode
  beforeEach(async () => {
    alpha = new TestNode()
    beta = await new TestNode().start()
  })
  afterEach(() => beta.stop())
  const prove = (did = beta.identity.did, address = beta.address) =>
    alpha.prober.prove(did, address, never).then(({ announcement }) => announcement.did, (error: unknown) => isMeshError(error) ? error.code : error)

  it('resolves to the announcement of a node that holds its key, trusted or not', async () => {
    expect(await prove()).to.equal(beta.identity.did)
  })

  it('rejects with the reason of an abort at once, also while it dials', async () => {
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const [stop, reason] = [new AbortController(), new Error('enough')]
    const { port } = silent.address() as AddressInfo
    const started = performance.now()
    const proving = alpha.prober.prove(beta.identity.did, { host: '127.0.0.1', port }, stop.signal).catch((error: unknown) => error)
    await once(silent, 'connection')
    stop.abort(reason)
    expect([await proving, performance.now() - started < 4_000]).to.deep.equal([reason, true])       // a dial takes 5 s
    silent.close()
  })

  it('leaves no connection', async () => {
    const sockets: Socket[] = []
    const { port, close } = await openPort({ identity: beta.identity, listener: (request, response) => { sockets.push(request.socket); response.end() } })
    await prove(beta.identity.did, { host: '127.0.0.1', port })
    if (sockets[0]?.destroyed === false) await once(sockets[0], 'close')
    expect(sockets.length).to.equal(1)
    await close()
  })

  it('refuses a node with another key, and one that shows another node\'s announcement', async () => {
    const other = await prove(alpha.identity.did)
    await alpha.start()
    const { bytes } = await call(alpha.port, '/.well-known/akshi-node')
    const port = await openPort({ identity: beta.identity, listener: (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(bytes) })
    const borrowed = await prove(beta.identity.did, { host: '127.0.0.1', port: port.port })
    await Promise.all([port.close(), alpha.stop()])
    expect([other, borrowed]).to.deep.equal(['MESH_PEER_MISMATCH', 'MESH_PEER_MISMATCH'])
  })

  it('refuses a node of another mesh', async () => {
    const foreign = await new TestNode({ meshId: 'other' }).start()
    expect(await prove(foreign.identity.did, foreign.address)).to.equal('MESH_SEND_FAILED')
    await foreign.stop()
  })

  it('says when nobody is there, and when it is told to stop', async () => {
    const stopped = await alpha.prober.prove(beta.identity.did, beta.address, AbortSignal.abort('enough')).catch((reason: unknown) => reason)
    expect([await prove(beta.identity.did, { host: '127.0.0.1', port: 1 }), stopped]).to.deep.equal(['MESH_PEER_UNREACHABLE', 'enough'])
  })
})
