import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { exchange } from './support/exchange.ts'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'

const secret = 'the launch code is kept in a drawer'

/** What a node says of another: its trust and why. */
async function trustIn (node: LabNode, other: LabNode): Promise<readonly unknown[]> {
  const peer = await node.peer(other)
  return [peer?.trust, peer?.trustReason]
}

describe('trust = "known"', function () {
  this.timeout(60_000)

  it('gives a stranger that is seen not one byte of a journal, until both sides trust each other', async () => {
    await using lab = await Lab.create()
    const [alpha, beta] = await Promise.all([lab.node('alpha', { mdns: true }), lab.node('beta', { mdns: true })])
    await alpha.append('notes', secret)
    await beta.append('notes', 'from beta')

    // Seen, and no more.
    await lab.eventually(async () => {
      expect(await trustIn(alpha, beta)).to.deep.equal(['pending', `not approved: run "akshi trust ${beta.did}"`])
      expect(await trustIn(beta, alpha)).to.deep.equal(['pending', `not approved: run "akshi trust ${alpha.did}"`])
    })
    const { code, stderr } = await beta.cli('cert')
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(await askEverything(alpha, beta)).to.deep.equal(['403 MESH_NOT_TRUSTED'])
    expect((await alpha.journal('notes')).bodies).to.deep.equal([secret])
    expect((await beta.journal('notes')).bodies).to.deep.equal(['from beta'])

    // One side is not enough.
    const { pid } = alpha
    const trusted = await alpha.cli('trust', 'beta')
    expect(trusted.code).to.equal(0)
    expect(trusted.stdout).to.include(`trusted beta: ${beta.did}\n`)
    await lab.eventually(async () => expect((await alpha.peer(beta))?.link?.reason).to.include(`akshi trust ${alpha.did}`))
    expect((await beta.journal('notes')).bodies).to.deep.equal(['from beta'])

    // Both are, at once and without a restart.
    expect((await beta.cli('trust', 'alpha')).stdout).to.include(`trusted alpha: ${alpha.did}\n`)
    await lab.agree([alpha, beta], 'notes', [secret, 'from beta'], 3_000)
    expect(alpha.pid).to.equal(pid)

    // For good.
    await beta.stop()
    await alpha.append('notes', 'later')
    await beta.start()
    await lab.agree([alpha, beta], 'notes', [secret, 'from beta', 'later'])
  })

  it('asks for a DID when two nodes have the name', async () => {
    await using lab = await Lab.create()
    const [alpha, ...twins] = await Promise.all(['alpha', 'twin', 'twin'].map((name) => lab.node(name, { mdns: true })))
    if (alpha === undefined) throw new TypeError('no node')
    await lab.eventually(async () => expect((await alpha.status()).peers.map(({ name }) => name)).to.deep.equal(['twin', 'twin']))
    const { code, stdout, stderr } = await alpha.cli('trust', 'twin')
    expect({ code, stdout }).to.deep.equal({ code: 9, stdout: '' })
    for (const part of [...twins.map(({ did }) => did), '(MESH_PEER_AMBIGUOUS)']) expect(stderr).to.include(part)
    expect((await alpha.status()).peers.map(({ trust }) => trust)).to.deep.equal(['pending', 'pending'])
    expect((await alpha.cli('trust', 'nobody')).code).to.equal(9)
  })
})

describe('trust = "lan" and trust = "open"', function () {
  this.timeout(60_000)

  it('admit whom they find on the local network', async () => {
    await using lab = await Lab.create()
    const [lan, open] = await Promise.all([lab.node('lan', { mdns: true, trust: 'lan' }), lab.node('open', { mdns: true, trust: 'open' })])
    await lan.append('notes', 'hello')
    await lab.agree([lan, open], 'notes', ['hello'])
    expect(await trustIn(lan, open)).to.deep.equal(['trusted', 'mesh.trust is "lan" and it is on this network'])
    expect(await trustIn(open, lan)).to.deep.equal(['trusted', 'mesh.trust is "open"'])
  })

  it('differ for a node that a peer tells of: only "open" admits it', async () => {
    await using lab = await Lab.create()
    const [lan, open, between, told] = await Promise.all(['lan', 'open', 'between', 'told'].map((name) => lab.home(name))) as [LabNode, LabNode, LabNode, LabNode]
    await between.configure({ peers: [lan.known, open.known, told.known] })
    await between.start()
    await told.configure({ peers: [between.reachable] })
    await lan.configure({ trust: 'lan', peers: [between.reachable] })
    await open.configure({ trust: 'open', peers: [between.reachable] })
    await Promise.all([told.start(), lan.start(), open.start()])
    await lab.eventually(async () => {
      expect(await trustIn(lan, told)).to.deep.equal(['pending', `not approved: run "akshi trust ${told.did}"`])
      expect(await trustIn(open, told)).to.deep.equal(['trusted', 'mesh.trust is "open"'])
    })
    expect((await lan.peer(told))?.sources).to.deep.equal(['gossip'])
  })
})

describe('[[agents]] share', function () {
  this.timeout(60_000)

  it('keeps a journal among those it names: from the third, from the folder, and against what the third writes', async () => {
    await using lab = await Lab.create()
    const [alpha, beta, gamma] = await Promise.all([lab.home('alpha'), lab.home('beta'), lab.home('gamma')])
    const agents = [{ name: 'council', share: ['alpha', 'beta'] }]
    await alpha.configure({ folder: 'lab', agents, peers: [beta.known, gamma.known] })
    await alpha.start()
    await beta.configure({ folder: 'lab', agents, peers: [alpha.reachable, gamma.known] })
    await beta.start()
    await gamma.configure({ folder: 'lab', peers: [alpha.reachable, beta.reachable] })
    await gamma.start()
    await lab.linked([alpha, beta, gamma])

    await alpha.append('council', secret)
    await gamma.append('council', 'from the third')
    for (const node of [alpha, beta, gamma]) await node.append('notes', `after, by ${node.name}`)
    await lab.agree([alpha, beta, gamma], 'notes', ['after, by alpha', 'after, by beta', 'after, by gamma'])
    await lab.agree([alpha, beta], 'council', [secret])
    expect((await gamma.journal('council')).bodies).to.deep.equal(['from the third'])
    await gamma.cli('cert')
    const answer = await exchange(alpha.port, '/api/v1/sync/envelopes?agent=council', { as: await credentialsOf(gamma) })
    expect([answer.status, answer.json()]).to.deep.equal([200, { envelopes: [] }])
  })
})

/** The distinct answers of each mesh route, over TLS with the asker's own certificate; rejects when one has any of the secret. */
async function askEverything (node: LabNode, asker: LabNode): Promise<readonly string[]> {
  const as = await credentialsOf(asker)
  const cbor = { method: 'POST', headers: { 'content-type': 'application/cbor' } }
  const calls = [
    ['/api/v1/sync/envelopes?agent=notes', {}],
    ['/api/v1/sync/envelopes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"envelopes":[]}' }],
    ['/api/v1/sync/envelopes', { method: 'POST', headers: { 'content-type': 'application/cbor-seq' }, body: '' }],
    ['/api/v1/sync/digest', { ...cbor, body: Buffer.from('815820'.padEnd(70, '0'), 'hex') }],
    ['/api/v1/sync/pull', { ...cbor, body: Buffer.from('821864' + '80', 'hex') }],
    ['/api/v1/sync/convergence', {}]
  ] as const
  const answers = await Promise.all(calls.map(async ([path, call]) => {
    const { status, bytes, json } = await exchange(node.port, path, { ...call, as })
    for (const text of [secret, Buffer.from(secret).toString('base64').slice(0, 40)]) expect(bytes.toString('latin1')).not.to.include(text)
    return `${status} ${json().error}`
  }))
  return [...new Set(answers)]
}

/** The key and certificate of a node that has run `akshi cert`. */
async function credentialsOf ({ home }: LabNode): Promise<{ cert: string, key: string }> {
  const read = (name: string) => readFile(join(home, 'security', name), 'utf8')
  return { cert: await read('node.crt'), key: await read('node_key.pem') }
}
