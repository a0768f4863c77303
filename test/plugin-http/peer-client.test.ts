import type { RequestListener } from 'node:http'
import { deflateSync, inflateSync } from 'node:zlib'
import { expect } from 'chai'
import { createIdentity, isMeshError, systemClock } from '@akshi/core'
import { Dialler } from '../../packages/plugin-http/src/dialler.ts'
import { PeerClient, type PeerRequest } from '../../packages/plugin-http/src/peer-client.ts'
import { PeerLink } from '../../packages/plugin-http/src/peer-link.ts'
import { makeEnvelope, makeSnapshot, openPort, TestNode } from './fixture.ts'

const never = new AbortController().signal
const maxResponseBytes = 100_000

describe('PeerClient', () => {
  const own = createIdentity()
  const peer = createIdentity()
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => { for (const close of closers.splice(0)) await close() })

  /** A client of a server with this listener, over a connection that counts as far, as near, or as what it is. */
  const clientOf = async (listener: RequestListener, isFar?: boolean): Promise<PeerClient> => {
    const { port, close } = await openPort({ identity: peer, listener })
    const client = new PeerClient({
      own: own.did,
      peer: peer.did,
      addresses: () => [{ host: '127.0.0.1', port }],
      dialler: new Dialler(own, systemClock, 5_000),
      requestTimeoutMs: 5_000,
      maxResponseBytes,
      ...isFar !== undefined && { isFar: () => isFar }
    })
    closers.push(() => client.close(), close)
    return client
  }
  const request = (body: Uint8Array, packs?: boolean): PeerRequest =>
    ({ method: 'POST', path: '/x', type: 'text/plain', body, accept: 'text/plain', ...packs !== undefined && { packs } })
  const large = Buffer.alloc(50_000, 'a')

  it('packs a large body that is worth it, and takes packed answers, once it knows that the connection leaves the machine', async () => {
    const seen: unknown[] = []
    const listener: RequestListener = (request, response) => {
      const { 'content-encoding': coding, 'accept-encoding': accepted } = request.headers
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const body = Buffer.concat(chunks)
        seen.push([coding, accepted, (coding === undefined ? body : inflateSync(body)).length])
        response.writeHead(200, { 'content-type': 'text/plain' }).end()
      })
    }
    for (const isFar of [true, false, undefined]) {
      const client = await clientOf(listener, isFar)
      for (const [body, packs] of [[large, true], [large, true], [large, false], [large.subarray(0, 4_000), true]] as const) await client.request(request(body, packs), never)
    }
    const plain = [50_000, 50_000, 50_000, 4_000].map((length) => [undefined, undefined, length])
    expect(seen).to.deep.equal([
      plain[0], ['deflate', 'deflate', 50_000], [undefined, 'deflate', 50_000], [undefined, 'deflate', 4_000], ...plain, ...plain
    ])
  })

  it('unpacks an answer, and no more of it than it may take', async () => {
    const answers = [Buffer.alloc(maxResponseBytes), Buffer.alloc(maxResponseBytes + 1)].map((bytes) => deflateSync(bytes))
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'deflate' }).end(answers.shift() ?? 'not packed')
    })
    const outcomes = []
    for (let i = 0; i < 3; i++) outcomes.push(await client.request(request(large), never).then(({ length }) => length, (error: unknown) => isMeshError(error) && error.code))
    expect(outcomes).to.deep.equal([maxResponseBytes, 'MESH_SEND_FAILED', 'MESH_SEND_FAILED'])
  })

  it('carries envelopes and snapshots unchanged to a node that is far, and packs no snapshots', async () => {
    const node = await new TestNode({ identity: peer }).start()
    closers.push(() => node.stop())
    node.receiver.trusted.add(own.did)
    const envelopes = [1, 2, 3].map((seq) => makeEnvelope(peer, 'notes', seq, 5_000))
    node.receiver.served = envelopes
    const dialler = new Dialler(own, systemClock, 5_000)
    const client = new PeerClient({ own: own.did, peer: peer.did, addresses: () => [node.address], dialler, requestTimeoutMs: 5_000, maxResponseBytes, isFar: () => true })
    const packs: unknown[] = []
    const ask = client.request.bind(client)
    client.request = (each, signal) => {
      packs.push(each.packs)
      return ask(each, signal)
    }
    const link = new PeerLink(client, () => {})
    closers.unshift(() => link.close())
    const { feeds = [] } = await link.digest({ root: new Uint8Array(32) }, never)
    const pulled = []
    for await (const bytes of link.pull(feeds.map(({ feed }) => ({ feed, have: [] })), { limit: 10 }, never)) pulled.push(Uint8Array.from(bytes))
    const batches = [envelopes, [...envelopes, makeSnapshot(peer, 'notes', 9)]].map((batch) => batch.map(({ bytes }) => Uint8Array.from(bytes)))
    for (const batch of batches) await link.push(batch, never)
    expect([pulled, node.receiver.received.map(({ batch }) => batch), packs]).to.deep.equal([batches[0], batches, [undefined, true, false]])
  })

  it('says that it is closed to a call that comes later', async () => {
    const client = await clientOf((_request, response) => response.end())
    await client.close()
    expect(isMeshError(await client.request(request(large), never).catch((error: unknown) => error), 'MESH_NOT_RUNNING')).to.equal(true)
  })
})
