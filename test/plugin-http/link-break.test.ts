import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { createIdentity, encodeDigest, systemClock } from '@akshi/core'
import { Dialler } from '../../packages/plugin-http/src/dialler.ts'
import { PeerClient } from '../../packages/plugin-http/src/peer-client.ts'
import { PeerLink } from '../../packages/plugin-http/src/peer-link.ts'
import { openPort } from './fixture.ts'

const never = new AbortController().signal
const digest = { root: new Uint8Array(32) }

/** In how many milliseconds the kernel asks whether the other side of a connection is still there; `undefined` if it does not. */
async function asksInMs (ownPort: number, otherPort: number): Promise<number | undefined> {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/))
  const timer = rows.find(([, local, remote]) => local?.endsWith(`:${hex(ownPort)}`) === true && remote?.endsWith(`:${hex(otherPort)}`) === true)?.[5]
  const [kind, jiffies = ''] = timer?.split(':') ?? []
  return kind === '02' ? parseInt(jiffies, 16) * 10 : undefined
}

describe('PeerLink.onBreak', () => {
  const own = createIdentity()
  const peer = createIdentity()
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => { for (const close of closers.splice(0)) await close() })

  /** A link over which one question was answered, to a peer whose connections `sockets` lists. */
  async function linked (answers: RequestListener = () => {}) {
    const sockets: Socket[] = []
    const { port, close } = await openPort({
      identity: peer,
      listener: (request, response) => {
        if (sockets.at(-1) !== request.socket) sockets.push(request.socket)
        answers(request, response)
        if (!response.writableEnded) response.writeHead(200, { 'content-type': 'application/cbor' }).end(encodeDigest(digest))
      }
    })
    const client = new PeerClient({ own: own.did, peer: peer.did, addresses: () => [{ host: '127.0.0.1', port }], dialler: new Dialler(own, systemClock, 5_000), requestTimeoutMs: 5_000, maxResponseBytes: 1_000 })
    const link = new PeerLink(client, () => {})
    closers.push(() => link.close(), close)
    let breaks = 0
    let heard = () => {}
    const broken = new Promise<void>((resolve) => { heard = resolve })
    link.onBreak(() => {
      breaks++
      heard()
    })
    await link.digest(digest, never)
    return { link, close, sockets, broken, breaks: () => breaks }
  }

  it('is told, though nobody asks, when the peer stops', async () => {
    const { broken, breaks, close } = await linked()
    await close()
    await broken
    expect(breaks()).to.equal(1)
  })

  it('is told when the connection is cut on the way, once for each that breaks', async () => {
    const { link, broken, breaks, sockets } = await linked()
    sockets[0]?.destroy()
    await broken
    await link.digest(digest, never)
    expect([breaks(), sockets.length]).to.deep.equal([1, 2])
  })

  it('is not told when this side closes the link', async () => {
    const { link, breaks, sockets } = await linked()
    const closed = once(sockets[0] as Socket, 'close')
    await link.close()
    await closed
    expect(breaks()).to.equal(0)
  })

  it('is not told when this side closes a connection that is idle', async () => {
    const { link, breaks, sockets } = await linked((_request, response) => { response.setHeader('keep-alive', 'timeout=3') })
    const [socket] = sockets as [Socket]
    await once(socket, 'close')
    expect(socket.errored).to.equal(null)
    await link.digest(digest, never)
    expect([breaks(), sockets.length]).to.deep.equal([0, 2])
  })

  it('is not told before there was a connection', async () => {
    const client = new PeerClient({ own: own.did, peer: peer.did, addresses: () => [], dialler: new Dialler(own, systemClock, 5_000), requestTimeoutMs: 5_000, maxResponseBytes: 1_000 })
    const link = new PeerLink(client, () => {})
    let breaks = 0
    link.onBreak(() => { breaks++ })
    await link.digest(digest, never).catch(() => {})
    await link.close()
    expect(breaks).to.equal(0)
  })

  it('is told of one who vanished without a word too: after fifteen seconds without a packet the kernel asks', async function () {
    if (process.platform !== 'linux') return this.skip()  // nobody else shows it
    const { sockets: [socket] } = await linked()
    expect(await asksInMs(socket?.remotePort ?? 0, socket?.localPort ?? 0)).to.be.within(10_000, 15_000)
  })
})
