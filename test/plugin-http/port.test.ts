import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { createIdentity, isMeshError } from '@akshi/core'
import { didFromCertificate } from '../../packages/plugin-http/src/certificate.ts'
import { call, dialTls, json } from './client.ts'
import { makeEnvelope, openPort, TestNode } from './fixture.ts'

async function dialPlain (port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

const ended = async (socket: Socket) => {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

describe('MeshPort', () => {
  it('tells TLS with and without a certificate from plain HTTP, on one port', async () => {
    const { port, close } = await openPort()
    const peer = createIdentity()
    const callers = [await call(port, '/'), await call(port, '/', { as: 'nobody' }), await call(port, '/', { as: peer })].map((answer) => answer.json())
    expect(callers.map(({ secure, did, address }) => [secure, did, address])).to.deep.equal([
      [false, undefined, '127.0.0.1'], [true, undefined, '127.0.0.1'], [true, peer.did, '127.0.0.1']
    ])
    await close()
  })

  it('closes plain connections unanswered where they are not served', async () => {
    const asked: string[][] = []
    const { port, close } = await openPort({ servesPlain: (...addresses) => { asked.push(addresses); return false } })
    const socket = await dialPlain(port)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    expect([await ended(socket).catch(() => ''), asked]).to.deep.equal(['', [['127.0.0.1', '127.0.0.1']]])
    await close()
  })

  it('shows the DID on a second connection that offers the first one\'s session', async () => {
    const { port, close } = await openPort()
    const peer = createIdentity()
    const first = await dialTls(port, peer)
    const sessions: Buffer[] = []
    first.on('session', (session) => sessions.push(session))
    first.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    await ended(first)
    const second = await dialTls(port, peer, sessions[0])
    const proven = [second.isSessionReused(), didFromCertificate(second.getPeerX509Certificate()) !== undefined]
    second.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect([proven, (await ended(second)).includes(peer.did)]).to.deep.equal([[false, true], true])
    await close()
  })

  it('speaks nothing older than TLS 1.3, and HTTP/1.1 inside', async () => {
    const { port, close } = await openPort()
    const socket = await dialTls(port, createIdentity())
    expect(socket.getProtocol()).to.equal('TLSv1.3')
    socket.destroy()
    await close()
  })

  it('names the port that is in use', async () => {
    const { port, close } = await openPort()
    const error = await openPort({ port }).catch((error: unknown) => error)
    expect([isMeshError(error, 'MESH_PORT_IN_USE'), String(error).includes(`${port}`)]).to.deep.equal([true, true])
    await close()
  })

  it('says when it cannot listen there at all', async () => {
    const error = await openPort({ bind: '192.0.2.1' }).catch((error: unknown) => error)
    expect(isMeshError(error, 'MESH_CONFIG_INVALID')).to.equal(true)
  })

  it('gives a connection that says nothing, or never ends its handshake, its time and no more', async () => {
    const { port, close } = await openPort({ requestTimeoutMs: 50 })
    const [silent, halfway] = [await dialPlain(port), await dialPlain(port)]
    halfway.write(Buffer.of(0x16, 3, 1))
    expect(await Promise.all([silent, halfway].map((socket) => ended(socket).catch(() => '')))).to.deep.equal(['', ''])
    await close()
  })

  it('gives a request that trickles in its time and no more', async () => {
    const { port, close } = await openPort({ requestTimeoutMs: 50 })
    const headers = await dialPlain(port)
    headers.write('GET / HTTP/1.1\r\n')
    const body = await dialPlain(port)
    body.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nx')
    expect([(await ended(headers)).slice(0, 12), (await ended(body)).includes('408')]).to.deep.equal(['HTTP/1.1 408', true])
    await close()
  })

  it('takes no more connections than it may', async () => {
    const { port, close } = await openPort({ maxConnections: 2 })
    const kept = [await dialPlain(port), await dialPlain(port)]
    const dropped = await dialPlain(port)
    expect(await ended(dropped)).to.equal('')
    for (const socket of kept) socket.destroy()
    await close()
  })

  it('closes what is idle, shaking hands or waiting for an answer', async () => {
    const node = await new TestNode().start()
    const peer = createIdentity()
    node.receiver.trusted.add(peer.did)
    node.receiver.hold = new Promise(() => {})
    const hanging = call(node.port, '/api/v1/sync/envelopes', { as: peer, ...json({ envelopes: [{ payload: Buffer.from(makeEnvelope(peer, 'notes', 1).bytes).toString('base64') }] }) }).catch((error: Error) => error.message)
    const sockets = [await dialPlain(node.port), await dialPlain(node.port), await dialTls(node.port, peer)]
    sockets[1]?.write(Buffer.of(0x16))
    for (const socket of sockets) socket.on('error', () => {})
    await node.stop()
    expect([await hanging, await Promise.all(sockets.map((socket) => ended(socket).catch(() => '')))]).to.deep.equal(['socket hang up', ['', '', '']])
  })

  it('closes safely before it listens', async () => {
    await new TestNode().stop()
  })
})
