import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants, deflateSync, gzipSync, inflateSync } from 'node:zlib'
import { expect } from 'chai'
import {
  createIdentity, decodeDigest, decodeReceipt, encodeDigest, encodePull, isMeshError, maxRequestBytes, splitItems, type Identity
} from '@akshi/core'
import { call, dialTls, json, type Answer, type Call } from './client.ts'
import { makeEnvelope, makeSnapshot, noteLogger, TestNode } from './fixture.ts'

const envelopesPath = '/api/v1/sync/envelopes'
const routes = [
  ['GET', `${envelopesPath}?agent=notes`], ['POST', envelopesPath], ['POST', '/api/v1/sync/digest'], ['POST', '/api/v1/sync/pull']
] as const

/** So many megabytes of zeros as one zlib stream: what a full flush ends can be repeated. */
function deflateBomb (megabytes: number): Buffer {
  const one = deflateSync(Buffer.alloc(1_000_000), { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([one, ...Array<Buffer>(megabytes - 1).fill(one.subarray(2))])
}

describe('mesh routes', () => {
  const peer = createIdentity()
  const { logger, lines } = noteLogger()
  let node: TestNode

  beforeEach(async () => {
    lines.length = 0
    node = await new TestNode({ logger }).start()
    node.receiver.trusted.add(peer.did)
  })
  afterEach(() => node.stop())

  const ask = (path: string, options: Call = {}): Promise<Answer> => call(node.port, path, { as: peer, ...options })
  const post = (path: string, type: string, body: string | Uint8Array, as: Identity | 'nobody' = peer) =>
    ask(path, { method: 'POST', headers: { 'content-type': type }, body, as })
  const problem = ({ status, json }: Answer) => [status, json().error]

  it('takes a CBOR sequence, hands the very bytes to the receiver with the proven DID, and answers with its receipt', async () => {
    const batch = [1, 2].map((seq) => makeEnvelope(peer, 'notes', seq).bytes)
    const answer = await post(envelopesPath, 'application/cbor-seq', Buffer.concat(batch))
    expect([answer.status, answer.headers['content-type'], decodeReceipt(answer.bytes), node.receiver.received]).to.deep.equal([
      200, 'application/cbor', { verdicts: [{ status: 'stored' }, { status: 'stored' }], have: [] },
      [{ batch: batch.map((bytes) => Uint8Array.from(bytes)), from: { kind: 'peer', did: peer.did } }]
    ])
  })

  it('takes envelopes as JSON and counts what was accepted', async () => {
    const { bytes } = makeEnvelope(peer, 'notes', 1)
    const answer = await ask(envelopesPath, json({ peer_id: peer.did, envelopes: [{ payload: Buffer.from(bytes).toString('base64') }] }))
    expect([answer.status, answer.json(), node.receiver.received[0]?.batch]).to.deep.equal([
      200, { accepted: 1, rejected: 0, results: [{ status: 'stored' }] }, [Uint8Array.from(bytes)]
    ])
  })

  it('answers a digest with its own', async () => {
    const mine = { root: new Uint8Array(32).fill(1) }
    const answer = await post('/api/v1/sync/digest', 'application/cbor', encodeDigest(mine))
    expect([decodeDigest(answer.bytes), node.receiver.digests]).to.deep.equal([{ root: new Uint8Array(32).fill(7), feeds: [] }, [mine]])
  })

  const pull = (body: Uint8Array, headers: Record<string, string> = {}) =>
    ask('/api/v1/sync/pull', { method: 'POST', headers: { 'content-type': 'application/cbor', ...headers }, body })
  const notes = { journal: 'notes', part: 'log', origin: peer.did } as const
  const pullAll = encodePull([{ feed: notes, have: [] }], { limit: 100 })

  it('answers a pull with items, unchanged, and ends before the answer grows too large', async () => {
    node.receiver.served = Array.from({ length: 10 }, (_, i) => makeEnvelope(peer, 'notes', i + 1, 1_000_000))
    const few = await pull(encodePull([{ feed: notes, have: [{ seq: 1, id: new Uint8Array(32) }] }], { limit: 2 }))
    const many = await pull(pullAll)
    const bytes = node.receiver.served.map((envelope) => Buffer.from(envelope.bytes))
    expect([few.headers['content-type'], few.bytes.equals(Buffer.concat(bytes.slice(1, 3))), splitItems(many.bytes).length, many.bytes.length <= maxRequestBytes])
      .to.deep.equal(['application/cbor-seq', true, 8, true])
  })

  it('hands a pull on as it was asked, up to a number of items', async () => {
    const want = [{ feed: notes, have: [{ seq: 9, id: new Uint8Array(32).fill(9) }], skip: [{ seq: 12, id: new Uint8Array(32).fill(12) }] }]
    await pull(encodePull(want, { limit: 1_000_000, newestFirst: true }))
    expect(node.receiver.pulls).to.deep.equal([{ want, options: { limit: 10_000, newestFirst: true } }])
  })

  it('answers a pull with as many snapshots as fit, whole', async () => {
    node.receiver.served = [4, 8].map((seq) => makeSnapshot(peer, 'notes', seq, randomBytes(5_000_000)))
    const answer = await pull(pullAll)
    expect(answer.bytes.equals(node.receiver.served[0]?.bytes ?? new Uint8Array())).to.equal(true)
  })

  it('packs the answer to a pull for who takes it so, but no snapshots, which are deflated', async () => {
    const envelopes = Array.from({ length: 10 }, (_, i) => makeEnvelope(peer, 'notes', i + 1, 10_000))
    const snapshot = makeSnapshot(peer, 'notes', 20)
    const codings = []
    for (const served of [envelopes, [...envelopes, snapshot], [snapshot, ...envelopes]]) {
      node.receiver.served = served
      const expected = Buffer.concat(served.map(({ bytes }) => bytes))
      for (const accepted of ['gzip, deflate', 'gzip']) {
        const { headers, bytes } = await pull(pullAll, { 'accept-encoding': accepted })
        const coding = headers['content-encoding']
        codings.push([coding, (coding === undefined ? bytes : inflateSync(bytes)).equals(expected), bytes.length < expected.length / 2])
      }
    }
    const [packed, plain] = [['deflate', true, true], [undefined, true, false]]
    expect(codings).to.deep.equal([packed, plain, packed, plain, plain, plain])
  })

  it('takes a snapshot, in a sequence and as JSON', async () => {
    const batch = [makeEnvelope(peer, 'notes', 1).bytes, makeSnapshot(peer, 'notes', 4, randomBytes(500)).bytes, makeEnvelope(peer, 'notes', 5).bytes]
    await post(envelopesPath, 'application/cbor-seq', Buffer.concat(batch))
    await ask(envelopesPath, json({ envelopes: batch.map((bytes) => ({ payload: Buffer.from(bytes).toString('base64') })) }))
    const received = batch.map((bytes) => Uint8Array.from(bytes))
    expect(node.receiver.received.map(({ batch }) => batch)).to.deep.equal([received, received])
  })

  it('lists the envelopes of a journal as JSON, by origin, then seq', async () => {
    const other = createIdentity()
    const [a, b] = [peer, other].toSorted((x, y) => x.did < y.did ? -1 : 1) as [Identity, Identity]
    const served = [makeEnvelope(b, 'notes', 1), makeEnvelope(a, 'notes', 1), makeEnvelope(a, 'notes', 2), makeEnvelope(a, 'other', 1), makeEnvelope(a, 'mixed', 1, 16, 'state'), makeEnvelope(b, 'mixed', 1)]
    node.receiver.served = served
    const list = async (query: string) => (await ask(`${envelopesPath}?${query}`)).json().envelopes as Record<string, unknown>[]
    const brief = async (query: string) => (await list(query)).map(({ origin, seq }) => [origin, seq])
    expect([await brief('agent=notes'), await brief('agent=notes&since=1'), await brief(`agent=notes&origin=${b.did}`), await brief('agent=notes&limit=1'), await brief('agent=mixed')])
      .to.deep.equal([[[a.did, 1], [a.did, 2], [b.did, 1]], [[a.did, 2]], [[b.did, 1]], [[a.did, 1]], [[a.did, 1], [b.did, 1]]])
    const view = {
      kind: 'envelope',
      seq: 1,
      agent: 'other',
      part: 'log',
      origin: a.did,
      segment: 0,
      entries: 2,
      payload_hash: `sha256:${createHash('sha256').update(new Uint8Array(16).fill(1)).digest('hex')}`,
      timestamp: '2023-11-14T22:13:20.001Z',
      signature: `ed25519:${Buffer.from(served[3]?.bytes.subarray(-64) ?? []).toString('base64')}`,
      payload: Buffer.from(served[3]?.bytes ?? []).toString('base64')
    }
    expect([(await list('agent=other'))[0], Object.keys((await list('agent=mixed'))[0] ?? {}).length]).to.deep.equal([view, 9])
  })

  it('lists a snapshot as what its proof says, and asks for nothing that ends before the number given', async () => {
    const snapshot = makeSnapshot(peer, 'notes', 4)
    node.receiver.served = [makeEnvelope(peer, 'notes', 1), snapshot, makeEnvelope(peer, 'notes', 5), makeEnvelope(peer, 'notes', 6)]
    const brief = async (query: string) => ((await ask(`${envelopesPath}?agent=notes&${query}`)).json().envelopes as Record<string, unknown>[])
      .map(({ kind, seq, segment, entries, payload }) => [kind, seq, segment, entries, String(payload).length])
    const one = ['snapshot', 4, 3, 8, Math.ceil(snapshot.bytes.length / 3) * 4]
    expect([await brief('since=3&limit=1'), (await brief('since=1')).length, (await brief('since=4')).length, (await brief('limit=0')).length])
      .to.deep.equal([[one], 3, 2, 0])
    await brief('since=6')
    expect(node.receiver.pulls.at(-1)?.want.map(({ have }) => have.map(({ seq }) => seq))).to.deep.equal([[6]])
  })

  it('lists fewer envelopes when the answer would grow too large', async () => {
    node.receiver.served = Array.from({ length: 10 }, (_, i) => makeEnvelope(peer, 'notes', i + 1, 1_000_000))
    const answer = await ask(`${envelopesPath}?agent=notes`)
    expect((answer.json().envelopes as unknown[]).length).to.equal(6)
  })

  it('answers a peer that asks for convergence, and says who asks', async () => {
    node.fake.answers.convergence = { agent: 'notes', converged: true }
    const answer = await ask('/api/v1/sync/convergence?agent=notes')
    expect([answer.json(), node.fake.calls]).to.deep.equal([{ agent: 'notes', converged: true }, [['convergence', 'notes', peer.did]]])
  })

  it('trusts the node\'s own key, for curl', async () => {
    const answer = await call(node.port, `${envelopesPath}?agent=notes`, { as: node.identity })
    expect([answer.status, answer.json()]).to.deep.equal([200, { envelopes: [] }])
  })

  it('gives nothing to an untrusted node, says what to do, and logs it once', async () => {
    node.receiver.served = [makeEnvelope(peer, 'notes', 1)]
    const stranger = createIdentity()
    const answers = []
    for (const [method, path] of routes) answers.push(await ask(path, { method, as: stranger, headers: { connection: 'keep-alive' } }))
    expect(answers.map(problem)).to.deep.equal(Array(4).fill([403, 'MESH_NOT_TRUSTED']))
    expect(answers.map(({ headers }) => headers.connection)).to.deep.equal(Array(4).fill('close'))
    expect([String(answers[0]?.json().detail).includes(`akshi trust ${stranger.did}`), node.receiver.received, node.receiver.digests, lines])
      .to.deep.equal([true, [], [], ['refused a stranger on a mesh route']])
  })

  it('asks for trust at each request', async () => {
    const before = await ask(`${envelopesPath}?agent=notes`)
    node.receiver.trusted.delete(peer.did)
    const after = await ask(`${envelopesPath}?agent=notes`)
    expect([before.status, after.status]).to.deep.equal([200, 403])
  })

  it('refuses callers with no certificate, and plain HTTP', async () => {
    const answers = []
    for (const [method, path] of routes) answers.push(problem(await ask(path, { method, as: 'nobody' })), problem(await call(node.port, path, { method })))
    expect(answers).to.deep.equal(Array(4).fill([[401, 'MESH_NOT_TRUSTED'], [403, 'MESH_NOT_TRUSTED']]).flat())
  })

  it('refuses what it cannot read, logs it once a peer, and goes on', async () => {
    const valid = Buffer.from(makeEnvelope(peer, 'notes', 1).bytes)
    const garbage = Buffer.from('ffff', 'hex')
    const answers = [
      await post(envelopesPath, 'application/cbor-seq', garbage),
      await post(envelopesPath, 'application/cbor-seq', valid.subarray(0, -1)),
      await post(envelopesPath, 'application/json', '{'),
      await post(envelopesPath, 'application/json', '[]'),
      await ask(envelopesPath, json({ envelopes: [{ payload: '***' }] })),
      await ask(envelopesPath, json({ peer_id: node.identity.did, envelopes: [] })),
      await post('/api/v1/sync/digest', 'application/cbor', garbage),
      await post('/api/v1/sync/pull', 'application/cbor', garbage),
      await ask(`${envelopesPath}?agent=NO`),
      await ask(`${envelopesPath}?agent=notes&since=x`),
      await ask(`${envelopesPath}?agent=notes&origin=did:key:z6MkNo`)
    ]
    expect(answers.map(problem)).to.deep.equal([
      ...Array(2).fill([400, 'MESH_ENVELOPE_INVALID']), ...Array(9).fill([400, 'MESH_REQUEST_INVALID'])
    ])
    expect([lines.length, node.receiver.received, (await ask(`${envelopesPath}?agent=notes`)).status]).to.deep.equal([2, [], 200])
  })

  it('refuses other types and methods', async () => {
    expect([
      problem(await post(envelopesPath, 'text/plain', 'x')), problem(await post('/api/v1/sync/digest', 'application/json', '{}')),
      problem(await ask('/api/v1/sync/pull')), problem(await ask(envelopesPath, { method: 'DELETE' }))
    ]).to.deep.equal([[415, 'MESH_REQUEST_INVALID'], [415, 'MESH_REQUEST_INVALID'], [405, 'MESH_REQUEST_INVALID'], [405, 'MESH_REQUEST_INVALID']])
  })

  it('refuses 10 MB, announced or not, without the receiver seeing any', async () => {
    const body = Buffer.alloc(10_000_000)
    const announced = await ask(envelopesPath, { method: 'POST', headers: { 'content-type': 'application/cbor-seq', 'content-length': '10000000' }, body })
    const chunked = await ask(envelopesPath, { method: 'POST', headers: { 'content-type': 'application/cbor-seq', 'transfer-encoding': 'chunked' }, body })
    expect([problem(announced), problem(chunked), node.receiver.received]).to.deep.equal([[413, 'MESH_REQUEST_INVALID'], [413, 'MESH_REQUEST_INVALID'], []])
  })

  const postPacked = (coding: string, body: Uint8Array) =>
    ask(envelopesPath, { method: 'POST', headers: { 'content-type': 'application/cbor-seq', 'content-encoding': coding }, body })

  it('takes a packed body, and refuses what is not packed as it says', async () => {
    const valid = makeEnvelope(peer, 'notes', 1, 10_000).bytes
    const packed = deflateSync(valid)
    const taken = await postPacked('deflate', packed)
    const refused = [await postPacked('deflate', valid), await postPacked('deflate', packed.subarray(0, -10)), await postPacked('gzip', gzipSync(valid))]
    expect([taken.status, node.receiver.received.map(({ batch }) => batch), refused.map(problem), refused[2]?.headers['accept-encoding']]).to.deep.equal([
      200, [[Uint8Array.from(valid)]], [[400, 'MESH_REQUEST_INVALID'], [400, 'MESH_REQUEST_INVALID'], [415, 'MESH_REQUEST_INVALID']], 'deflate'
    ])
  })

  it('refuses 1 GB packed into 1 MB, with hardly any of it unfolded', async () => {
    const bomb = deflateBomb(1_000)
    const before = process.memoryUsage.rss()
    const answer = await postPacked('deflate', bomb)
    const grownMb = (process.memoryUsage.rss() - before) / 1e6
    expect([problem(answer), bomb.length < maxRequestBytes, grownMb < 100, node.receiver.received]).to.deep.equal([[413, 'MESH_REQUEST_INVALID'], true, true, []])
  })

  it('refuses 10 MB before any of it has come', async () => {
    const socket = await dialTls(node.port, peer)
    socket.write(`POST ${envelopesPath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/cbor-seq\r\ncontent-length: 10000000\r\n\r\n`)
    const [first] = await once(socket, 'data') as [Buffer]
    socket.end(Buffer.alloc(10_000_000))               // and lets it come without cutting the caller off
    await once(socket, 'close')
    expect(first.toString().slice(0, 12)).to.equal('HTTP/1.1 413')
  })

  it('stops listening to a caller that goes on and on', async () => {
    const socket = await dialTls(node.port, createIdentity())
    const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
    socket.write(`POST ${envelopesPath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/cbor-seq\r\ncontent-length: 100000000\r\n\r\n`)
    let sent = 0
    const flood = () => {
      for (let free = true; free && !socket.destroyed && sent < 100_000_000; sent += 100_000) free = socket.write(Buffer.alloc(100_000))
    }
    socket.on('drain', flood).resume()
    flood()
    await closed
    expect(sent).to.be.below(50_000_000)
  })

  it('refuses more envelopes than a receipt can list', async () => {
    const tiny = Buffer.from('d28440a04040', 'hex')
    expect(problem(await post(envelopesPath, 'application/cbor-seq', Buffer.concat(Array(10_001).fill(tiny))))).to.deep.equal([400, 'MESH_REQUEST_INVALID'])
  })

  it('says nothing of its own faults but that it has one', async () => {
    node.receiver.digest = () => { throw new Error('the secret path is /nowhere') }
    const answer = await post('/api/v1/sync/digest', 'application/cbor', encodeDigest({ root: new Uint8Array(32) }))
    expect([answer.status, answer.bytes.includes('secret'), lines]).to.deep.equal([500, false, ['a request failed']])
  })

  it('takes no offence when a peer goes away in the middle of a body', async () => {
    const asked = new Promise<void>((resolve) => {
      node.receiver.admits = () => { resolve(); return true }
    })
    const socket = await dialTls(node.port, peer)
    socket.write(`POST ${envelopesPath} HTTP/1.1\r\nhost: x\r\ncontent-type: application/cbor-seq\r\ncontent-length: 100\r\n\r\nx`)
    await asked
    await once(socket.destroy(), 'close')
    expect([(await ask(`${envelopesPath}?agent=notes`)).status, lines, node.receiver.received]).to.deep.equal([200, [], []])
  })

  it('cuts an answer off when its source fails under way', async () => {
    node.receiver.serve = async function * () {
      yield makeEnvelope(peer, 'notes', 1).bytes
      throw new Error('disk')
    }
    const outcome = await post('/api/v1/sync/pull', 'application/cbor', encodePull([], { limit: 1 })).catch((error: unknown) => error)
    expect([outcome instanceof Error, isMeshError(outcome)]).to.deep.equal([true, false])
  })
})
