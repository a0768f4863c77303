import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect } from 'chai'
import { createIdentity, encodeDigest, isMeshError, type Address, type Link } from '@akshi/core'
import { makeEnvelope, openPort, TestNode } from './fixture.ts'

const never = new AbortController().signal
const emptyDigest = { root: new Uint8Array(32) }

describe('PeerLink', () => {
  let alpha: TestNode
  let beta: TestNode
  let link: Link

  beforeEach(async () => {
    alpha = await new TestNode().start()
    beta = await new TestNode().start()
    beta.receiver.trusted.add(alpha.identity.did)
    link = await linkTo([beta.address])
  })
  afterEach(() => Promise.all([alpha.stop(), beta.stop()]))

  const linkTo = (addresses: readonly Address[], did = beta.identity.did) => alpha.transport.connect({ kind: 'peer', did, addresses: () => addresses }, never)
  const failure = (call: Promise<unknown>) => call.then(() => 'resolved', (error: unknown) => isMeshError(error) ? error.code : error)
  const collect = async (envelopes: AsyncIterable<Uint8Array>) => {
    const found: Uint8Array[] = []
    for await (const bytes of envelopes) found.push(Uint8Array.from(bytes))
    return found
  }

  it('delivers a batch unchanged and returns the receipt', async () => {
    const batch = [1, 2].map((seq) => Uint8Array.from(makeEnvelope(alpha.identity, 'notes', seq).bytes))
    expect([await link.push(batch, never), beta.receiver.received]).to.deep.equal([
      { verdicts: [{ status: 'stored' }, { status: 'stored' }], have: [] }, [{ batch, from: { kind: 'peer', did: alpha.identity.did } }]
    ])
  })

  it('sends a batch that is too large for one request in several, and returns one receipt', async () => {
    beta.receiver.served = [makeEnvelope(beta.identity, 'notes', 1)]
    const batch = Array.from({ length: 10 }, (_, i) => makeEnvelope(alpha.identity, 'notes', i + 1, 1_000_000).bytes)
    const receipt = await link.push(batch, never)
    expect([receipt.verdicts.length, receipt.have.length, beta.receiver.received.map(({ batch }) => batch.length)]).to.deep.equal([10, 1, [8, 2]])
  })

  it('exchanges digests and pulls ranges', async () => {
    beta.receiver.served = [1, 2, 3].map((seq) => makeEnvelope(beta.identity, 'notes', seq))
    const digest = await link.digest(emptyDigest, never)
    const [state] = digest.feeds ?? []
    const pulled = state === undefined ? [] : await collect(link.pull([{ feed: state.feed, have: [{ seq: 1, id: new Uint8Array(32) }] }], { limit: 10 }, never))
    expect([state?.tips[0]?.seq, pulled]).to.deep.equal([3, beta.receiver.served.slice(1).map(({ bytes }) => Uint8Array.from(bytes))])
  })

  it('keeps its connection from call to call', async () => {
    const peers = new Set<number | undefined>()
    beta.receiver.admits = () => true
    const { digest } = beta.receiver
    beta.receiver.digest = function (theirs) { peers.add(dials); return digest.call(this, theirs) }
    let dials = 0
    const counted = await alpha.transport.connect({ kind: 'peer', did: beta.identity.did, addresses: () => { dials++; return [beta.address] } }, never)
    for (let i = 0; i < 3; i++) await counted.digest(emptyDigest, never)
    expect([dials, [...peers]]).to.deep.equal([1, [1]])
  })

  it('asks for addresses anew when it has to dial again', async () => {
    const addresses: Address[] = [{ host: '127.0.0.1', port: 1 }]
    const late = await linkTo(addresses)
    const first = await failure(late.digest(emptyDigest, never))
    addresses[0] = beta.address
    expect([first, await failure(late.digest(emptyDigest, never))]).to.deep.equal(['MESH_PEER_UNREACHABLE', 'resolved'])
  })

  it('finds the peer behind the second address', async () => {
    const raced = await linkTo([{ host: '127.0.0.1', port: 1 }, beta.address])
    expect(await failure(raced.digest(emptyDigest, never))).to.equal('resolved')
  })

  it('names the address and the reason when nobody answers', async () => {
    const lost = await linkTo([{ host: '127.0.0.1', port: 1 }])
    const error = await lost.digest(emptyDigest, never).catch((error: Error) => error)
    expect([isMeshError(error, 'MESH_PEER_UNREACHABLE'), (error as Error).message]).to.deep.equal([true, '127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1'])
  })

  it('sends nothing to another node at the known address', async () => {
    const wrong = await linkTo([beta.address], createIdentity().did)
    expect([await failure(wrong.push([makeEnvelope(alpha.identity, 'notes', 1).bytes], never)), beta.receiver.received]).to.deep.equal(['MESH_PEER_MISMATCH', []])
  })

  it('says that the peer has not trusted this node, and what to run there', async () => {
    beta.receiver.trusted.clear()
    const error = await link.digest(emptyDigest, never).catch((error: Error) => error) as Error
    expect([isMeshError(error, 'MESH_NOT_TRUSTED'), error.message.includes(`akshi trust ${alpha.identity.did}`)]).to.deep.equal([true, true])
    beta.receiver.trusted.add(alpha.identity.did)
    expect(await failure(link.digest(emptyDigest, never))).to.equal('resolved')
  })

  it('gives up a dial that is not answered', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const impatient = await new TestNode({ config: { connect_timeout_secs: 0.05 } }).start()
    const mute = await impatient.transport.connect({ kind: 'peer', did: beta.identity.did, addresses: () => [{ host: '127.0.0.1', port: (silent.address() as AddressInfo).port }] }, never)
    expect(await failure(mute.digest(emptyDigest, never))).to.equal('MESH_PEER_UNREACHABLE')
    await impatient.stop()
    silent.close()
  })

  it('gives up a request that is not answered', async () => {
    beta.receiver.hold = new Promise(() => {})
    const impatient = await new TestNode({ identity: alpha.identity, config: { request_timeout_secs: 0.05 } }).start()
    const slow = await impatient.transport.connect({ kind: 'peer', did: beta.identity.did, addresses: () => [beta.address] }, never)
    expect(await failure(slow.digest(emptyDigest, never))).to.equal('MESH_PEER_UNREACHABLE')
    await impatient.stop()
  })

  it('rejects with the reason of an abort, before and while it waits, and works on', async () => {
    beta.receiver.hold = new Promise(() => {})
    const controller = new AbortController()
    const calls = [failure(link.digest(emptyDigest, AbortSignal.abort('before'))), failure(link.digest(emptyDigest, controller.signal))]
    controller.abort('enough')
    const outcome = await Promise.all(calls)
    beta.receiver.hold = undefined
    expect([outcome, await failure(link.digest(emptyDigest, never))]).to.deep.equal([['before', 'enough'], 'resolved'])
  })

  it('reports an answer that fails or makes no sense', async () => {
    beta.receiver.receive = async () => ({ verdicts: [], have: [] })
    beta.receiver.digest = async () => { throw new Error('broken') }
    expect([await failure(link.push([makeEnvelope(alpha.identity, 'notes', 1).bytes], never)), await failure(link.digest(emptyDigest, never))])
      .to.deep.equal(['MESH_SEND_FAILED', 'MESH_SEND_FAILED'])
  })

  it('takes an answer of the wrong type or with garbage in it for a failure', async () => {
    const answers: [type: string, body: Buffer][] = [['text/html', Buffer.from(encodeDigest(emptyDigest))], ['application/cbor', Buffer.from('ffff', 'hex')]]
    const codes = []
    for (const [type, body] of answers) {
      const { port, close } = await openPort({ identity: beta.identity, listener: (_request, response) => response.writeHead(200, { 'content-type': type }).end(body) })
      codes.push(await failure((await linkTo([{ host: '127.0.0.1', port }])).digest(emptyDigest, never)))
      await close()
    }
    expect(codes).to.deep.equal(['MESH_SEND_FAILED', 'MESH_SEND_FAILED'])
  })

  it('takes no more of an answer than it may', async () => {
    const { port, close } = await openPort({
      identity: beta.identity,
      listener: (_request, response) => {
        const flood = () => { while (!response.destroyed && response.write(Buffer.alloc(65_536))); }
        response.writeHead(200, { 'content-type': 'application/cbor' }).on('drain', flood)
        flood()
      }
    })
    const flooded = await linkTo([{ host: '127.0.0.1', port }])
    expect(await failure(flooded.digest(emptyDigest, never))).to.equal('MESH_SEND_FAILED')
    await close()
  })

  it('ends its dial when it is closed', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const accepted = once(silent, 'connection') as Promise<[Socket]>
    const mute = await linkTo([{ host: '127.0.0.1', port: (silent.address() as AddressInfo).port }])
    const outcome = failure(mute.digest(emptyDigest, never))
    const [socket] = await accepted
    await Promise.all([mute.close(), once(socket.resume(), 'close')])
    expect(await outcome).to.equal('MESH_NOT_RUNNING')
    silent.close()
  })

  it('is cut by close, and by stop', async () => {
    beta.receiver.hold = new Promise(() => {})
    const other = await linkTo([beta.address])
    const calls = [failure(link.digest(emptyDigest, never)), failure(other.digest(emptyDigest, never))]
    await link.close()
    await alpha.transport.stop()
    expect(await Promise.all(calls)).to.deep.equal(['MESH_NOT_RUNNING', 'MESH_NOT_RUNNING'])
    expect(await failure(linkTo([beta.address]))).to.equal('MESH_NOT_RUNNING')
  })
})
