import { expect } from 'chai'
import { createIdentity, decodeReceipt, sealEnvelope, type Verdict } from '@akshi/core'
import { exchange, type Answer } from './support/exchange.ts'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'
import { createMallory, type Mallory } from './support/mallory.ts'

/** What has the shape of an envelope (COSE_Sign1), with 2 MiB of payload. */
const oversized = Buffer.concat([Buffer.from('d28440a05a00200000', 'hex'), Buffer.alloc(2 << 20), Buffer.from('5840', 'hex'), Buffer.alloc(64)])

describe('a node with a hostile peer that it trusts', function () {
  this.timeout(60_000)
  let lab: Lab
  let mallory: Mallory<'spoiled' | 'gaps' | 'forks'>
  let alpha: LabNode
  let beta: LabNode
  before(async () => {
    lab = await Lab.create()
    mallory = await createMallory(lab, ['spoiled', 'gaps', 'forks'])
    alpha = await lab.home('alpha')
    beta = await lab.home('beta')
    await alpha.configure({ peers: [beta.known, { did: mallory.identity.did, name: 'mallory' }] })
    await alpha.start()
    await beta.configure({ peers: [alpha.reachable] })
    await beta.start()
    await lab.linked([alpha, beta])
  })
  after(() => lab[Symbol.asyncDispose]())

  // After each, the node syncs with who is honest and has nothing of what is spoiled.
  let honest = 0
  afterEach(async () => {
    await beta.append('honest', ++honest)
    await lab.agree([alpha, beta], 'honest', Array.from({ length: honest }, (_, index) => index + 1))
    expect((await alpha.journal('spoiled')).bodies).to.deep.equal([])
    expect(alpha.log).not.to.match(/ERROR/)
  })

  const push = (...parts: readonly Uint8Array[]): Promise<Answer> => exchange(alpha.port, '/api/v1/sync/envelopes', {
    method: 'POST', headers: { 'content-type': 'application/cbor-seq' }, body: Buffer.concat(parts), as: mallory.identity
  })
  const verdictsOn = async (...envelopes: readonly Uint8Array[]) => decodeReceipt((await push(...envelopes)).bytes).verdicts
  /** A log comes through a pipe of its own, so a line may be here after the answer. */
  const isLoggedOnce = (...texts: readonly string[]) => lab.eventually(async () => {
    expect(alpha.log.split('\n').filter((line) => texts.every((text) => line.includes(text)))).to.have.length(1)
  })

  /** Sends an envelope twice: the verdict is the same, one notice counts both, the log tells it once. */
  const isRefused = async (bytes: Uint8Array, status: Verdict['status'], reason: string) => {
    for (const [verdict] of [await verdictsOn(bytes), await verdictsOn(bytes)]) {
      expect(verdict?.status).to.equal(status)
      expect(verdict?.reason).to.include(reason)
    }
    const notices = (await alpha.status()).notices.filter(({ message }) => message.includes(reason))
    expect(notices.map(({ count }) => count)).to.deep.equal([2])
    await isLoggedOnce(reason)
  }

  it('refuses an envelope whose signature does not fit, or that was signed for another mesh', async () => {
    const [{ header, payload, bytes }] = mallory.feeds.spoiled
    const altered = Uint8Array.from(bytes)
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
    await isRefused(altered, 'refused', 'the signature does not fit')
    const foreign = sealEnvelope(mallory.identity, 'another mesh', header, payload)
    const reason = 'the signature does not fit (altered, or signed for another mesh)'
    expect(await verdictsOn(foreign.bytes)).to.deep.equal([{ status: 'refused', reason }])
  })

  it('does not take the envelopes of an origin that it does not trust', async () => {
    const stranger = createIdentity()
    const [{ header, payload }] = mallory.feeds.spoiled
    await isRefused(sealEnvelope(stranger, lab.meshId, header, payload).bytes, 'untrusted', `waiting for trust in ${stranger.did}`)
  })

  it('refuses an envelope with a second change in it', async () => {
    const [{ header, payload }, second] = mallory.feeds.spoiled
    const double = sealEnvelope(mallory.identity, lab.meshId, header, Buffer.concat([payload, second.payload]))
    await isRefused(double.bytes, 'refused', 'its change is not one that a log may take')
  })

  it('answers truncated CBOR with 400, logged once', async () => {
    const [{ bytes }] = mallory.feeds.spoiled
    for (const length of [1, 40, bytes.length - 1]) {
      const answer = await push(bytes.subarray(0, length))
      expect([answer.status, answer.json().error]).to.deep.equal([400, 'MESH_ENVELOPE_INVALID'])
    }
    await isLoggedOnce('refused a request', mallory.identity.did, 'cut short')
  })

  it('answers a body of 10 MB with 413, and one with an envelope of 2 MB with a refusal', async () => {
    const answer = await push(new Uint8Array(10_000_000))
    expect([answer.status, answer.json().error]).to.deep.equal([413, 'MESH_REQUEST_INVALID'])
    await isLoggedOnce('refused a request', mallory.identity.did, 'more than 8388608 bytes')
    await isRefused(oversized, 'refused', 'more than 1048576')
  })

  it('takes nothing beyond a gap, and all of it once the gap is filled', async () => {
    const [first, second, third] = mallory.feeds.gaps.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array]
    expect(await verdictsOn(third)).to.deep.equal([{ status: 'gap', reason: 'envelope 1 is missing' }])
    expect((await alpha.journal('gaps')).bodies).to.deep.equal([])
    expect(await verdictsOn(first, second, third)).to.deep.equal([{ status: 'stored' }, { status: 'stored' }, { status: 'stored' }])
    await lab.agree([alpha], 'gaps', ['mallory 1', 'mallory 2', 'mallory 3'])
  })

  it('keeps both of two envelopes with one number, counts what both say once, and shows the fork once', async () => {
    const [first, second, third] = mallory.feeds.forks
    await push(first.bytes, second.bytes)
    const other = sealEnvelope(mallory.identity, lab.meshId, { ...second.header, at: 1 }, second.payload)
    for (const status of ['stored', 'duplicate']) expect(await verdictsOn(other.bytes)).to.deep.equal([{ status }])
    expect(await verdictsOn(third.bytes)).to.deep.equal([{ status: 'stored' }])
    await lab.agree([alpha], 'forks', ['mallory 1', 'mallory 2', 'mallory 3'])
    const notices = (await alpha.status()).notices.filter(({ code }) => code === 'MESH_FEED_FORKED')
    expect(notices.map(({ count }) => count)).to.deep.equal([1])
    for (const { id } of [second, other]) expect(notices[0]?.message).to.include(Buffer.from(id).toString('hex'))
  })

  it('answers who shows no certificate with 401, logged once', async () => {
    for (let n = 0; n < 2; n++) {
      const answer = await exchange(alpha.port, '/api/v1/sync/envelopes?agent=honest', { as: 'nobody' })
      expect([answer.status, answer.json().error]).to.deep.equal([401, 'MESH_NOT_TRUSTED'])
    }
    await isLoggedOnce('refused a stranger', 'did=none')
  })
})

describe('a known address where another node answers', function () {
  this.timeout(60_000)

  it('is called a mismatch, logged once, and gets nothing', async () => {
    await using lab = await Lab.create()
    const impostor = await lab.node('impostor')
    const { did } = createIdentity()
    const alpha = await lab.home('alpha')
    await alpha.configure({ peers: [{ ...impostor.reachable, did, name: 'beta' }] })
    await alpha.start()
    await alpha.append('notes', 'for beta alone')
    const peer = await lab.eventually(async () => {
      const beta = await alpha.peer({ did })
      expect([beta?.trust, beta?.link?.state]).to.deep.equal(['trusted', 'down'])
      expect(alpha.log).to.include(`${impostor.did} answers there, not ${did}`)
      return beta
    })
    expect(peer?.link?.reason).to.include(`${impostor.did} answers there, not ${did}`)
    expect(alpha.log.split('\n').filter((line) => line.includes('answers there, not'))).to.have.length(1)
    expect((await alpha.status()).transport.active).to.deep.equal(['fs'])
    expect((await impostor.status()).journals).to.deep.equal([])
  })
})
