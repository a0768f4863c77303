import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createIdentity, type NewEntry, type NodeStatus, type PeerPath, type PeerStatus } from '@akshi/core'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { FakeNode, type ApiAnswer, type ApiRequest } from './support/fake-node.ts'

const { did } = createIdentity()
const { did: otherDid } = createIdentity()

const peer: PeerStatus = {
  did: otherDid,
  name: 'be\u001bta',
  trust: 'trusted',
  trustReason: 'approved by the operator',
  sources: ['mdns'],
  addresses: [{ host: '::1', port: 1 }],
  health: 'alive',
  via: { transport: 'http', reason: 'a link works' },
  path: { kind: 'lan', at: '[::1]:1' },
  lag: 3,
  converged: false
}

const status: NodeStatus = {
  name: 'alpha',
  did,
  version: '1.0.0',
  pid: 1,
  home: '/home',
  startedAt: '2026-01-01T00:00:00.000Z',
  mesh: { id: 'default', trust: 'known' },
  url: 'http://127.0.0.1:1',
  transport: { active: ['http'], reason: 'one peer', since: '2026-01-01T00:00:00.000Z' },
  peers: [peer],
  journals: [{
    name: 'notes',
    entries: 2,
    heads: ['abcdef0123'],
    origins: [{ did, name: 'alpha', seq: 1, entries: 2, paths: 1 }, { did: otherDid, name: 'be\u001bta', seq: 1, entries: 0, paths: 2 }],
    parked: [{ origin: otherDid, name: 'gam\u001bma', why: 'trust', items: 12, bytes: 3_400 }, { origin: did, name: 'alpha', why: 'before', items: 1, bytes: 10 }]
  }],
  plugins: [],
  shared: [{ transport: 'fs', state: 'up', reason: 'peers are there', since: '', writing: false, held: [] }],
  notices: [{ code: 'MESH_ENVELOPE_INVALID', message: 'bad signature', count: 2, at: '' }]
}

describe('commands that talk to a node', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  const startNode = (answers: Record<string, (request: ApiRequest) => ApiAnswer>) => FakeNode.start(`${folder.path}/.akshi`, (request) => {
    const answer = answers[`${request.method} ${request.path}`]
    return answer?.(request) ?? { status: 404, body: { error: 'MESH_REQUEST_INVALID', detail: `no ${request.path}` } }
  })

  it('say what to do when no node runs', async () => {
    await folder.akshi(['init', '--port', '1'])
    for (const argv of [['status'], ['peers'], ['convergence'], ['trust', 'beta'], ['untrust', 'beta'], ['journal', 'list'], ['journal', 'stats'], ['journal', 'tail', 'a'], ['journal', 'state', 'a'], ['journal', 'set', 'a', '{}'], ['journal', 'export', 'a'], ['journal', 'read', 'a'], ['journal', 'append', 'a', 'x'], ['wait', '--converged', '--timeout', '0'], ['wait', '--seen', 'beta', '--timeout', '0'], ['stop']]) {
      const { code, stdout, stderr } = await folder.akshi(argv)
      expect({ argv, code, stdout }).to.deep.equal({ argv, code: 4, stdout: '' })
      expect(stderr).to.match(/^akshi: No node answers at http:\/\/127\.0\.0\.1:1 .*Start it: akshi run \(MESH_NOT_RUNNING\)\n$/)
    }
  })

  it('go by the configured port when the note of the node makes no sense', async () => {
    await folder.akshi(['init', '--port', '1'])
    await mkdir(join(folder.path, '.akshi', 'run'))
    await writeFile(join(folder.path, '.akshi', 'run', 'node.json'), '{"pid":1,"url":"http://127')
    const { code, stderr } = await folder.akshi(['status'])
    expect(code).to.equal(4)
    expect(stderr).to.include('No node answers at http://127.0.0.1:1 ')
  })

  it('show the token and pass on what the node refuses', async () => {
    await using node = await startNode({ 'GET /api/v1/status': () => ({ status: 401, body: { error: 'MESH_TOKEN_INVALID', detail: 'wrong \u001b[2Jtoken' } }) })
    const { code, stderr } = await folder.akshi(['status'])
    expect({ code, stderr }).to.deep.equal({ code: 7, stderr: 'akshi: wrong \\u001b[2Jtoken (MESH_TOKEN_INVALID)\n' })
    expect(node.requests[0]?.authorization).to.equal('Bearer secret-token')
  })

  it('notice that something else answers on the port', async () => {
    await using node = await startNode({ 'GET /api/v1/status': () => ({ status: 200, body: undefined }) })
    const { code, stderr } = await folder.akshi(['status'])
    expect({ code, requests: node.requests.length }).to.deep.equal({ code: 4, requests: 1 })
    expect(stderr).to.include('is no Akshi node')
  })

  it('status shows transport with its reason, peers, journals and notices', async () => {
    await using node = await startNode({ 'GET /api/v1/status': () => ({ body: status }) })
    const { code, stdout } = await folder.akshi(['status'])
    expect({ code, requests: node.requests.length }).to.deep.equal({ code: 0, requests: 1 })
    for (const text of [did, 'transport  http: one peer', 'be\\u001bta  trusted  alive   lan     3', 'notes        2  abcdef01  alpha be\\u001bta (2 paths)', '  notes: waiting for trust in gam\\u001bma: 12 items (3.4 kB)', '  notes: waiting for what is before them: 1 item (10 B) of alpha', 'MESH_ENVELOPE_INVALID (2 times): bad signature', 'fs is up, read only']) {
      expect(stdout).to.include(text)
    }
    expect(JSON.parse((await folder.akshi(['status', '--json'])).stdout)).to.deep.equal(status)
  })

  it('status shows how much of what was missed is here', async () => {
    const catchUp = { from: 200, behind: 50, entries: 1_000, bytes: 10, startedAt: '' }
    await using node = await startNode({ 'GET /api/v1/status': () => ({ body: { ...status, peers: [{ ...peer, catchUp }] } }) })
    expect((await folder.akshi(['status'])).stdout).to.include('catching up, 75%')
    expect(node.requests.length).to.equal(1)
  })

  it('peers shows every reason, and nothing that steers the terminal', async () => {
    await using node = await startNode({ 'GET /api/v1/peers': () => ({ body: [peer] }) })
    const { stdout } = await folder.akshi(['peers'])
    expect(node.requests.length).to.equal(1)
    expect(stdout).to.equal([
      `be\\u001bta  ${otherDid}`, '  trust  trusted: approved by the operator', '  seen   mdns at [::1]:1',
      '  health alive', '  path   lan at [::1]:1', '  lag    3', ''
    ].join('\n'))
  })

  it('status and peers show which way envelopes take, and why', async () => {
    const paths: readonly (readonly [PeerPath, string, string])[] = [
      [{ kind: 'tunnel', at: '203.0.113.7:51820' }, 'tunnel', 'tunnel at 203.0.113.7:51820'],
      [{ kind: 'called', reason: 'it calls' }, 'called', 'called: it calls'],
      [{ kind: 'via', through: ['pu\u001bb', 'gamma'], reason: 'both NATs are symmetric' }, 'via pu\\u001bb, gamma', 'via pu\\u001bb, gamma: both NATs are symmetric'],
      [{ kind: 'folder', through: ['fs'], reason: 'refused' }, 'folder', 'the shared folder (fs): refused'],
      [{ kind: 'none', reason: 'refused' }, '-', 'nothing: refused']
    ]
    for (const [path, short, long] of paths) {
      await using node = await startNode({ 'GET /api/v1/status': () => ({ body: { ...status, peers: [{ ...peer, path }] } }), 'GET /api/v1/peers': () => ({ body: [{ ...peer, path }] }) })
      expect((await folder.akshi(['status'])).stdout).to.include(`  alive   ${short} `)
      expect((await folder.akshi(['peers'])).stdout).to.include(`  path   ${long}\n`)
      expect(node.requests.length).to.equal(2)
    }
  })

  it('peers shows the tunnel to a peer', async () => {
    const tunnel = { state: 'up', address: 'fd00::1', endpoint: '203.0.113.7:51820', lastHandshakeAt: '2026-01-01T00:00:00.000Z', rxBytes: 1_200, txBytes: 30 }
    const trying = { state: 'trying', address: 'fd00::1', rxBytes: 0, txBytes: 0 }
    const vain = { ...trying, reason: 'both NATs are symmetric', nat: { here: 'symmetric', there: 'symmetric' } }
    await using node = await startNode({ 'GET /api/v1/peers': () => ({ body: [{ ...peer, tunnel }, { ...peer, tunnel: trying }, { ...peer, tunnel: vain }] }) })
    const { stdout } = await folder.akshi(['peers'])
    expect(node.requests.length).to.equal(1)
    expect(stdout.split('\n').filter((line) => line.includes('tunnel'))).to.deep.equal([
      '  tunnel up at 203.0.113.7:51820, last handshake 2026-01-01T00:00:00.000Z, 1.2 kB in, 30 B out', '  tunnel trying, no handshake yet, 0 B in, 0 B out',
      '  tunnel trying, no handshake yet, 0 B in, 0 B out: both NATs are symmetric; NAT here: symmetric, there: symmetric'
    ])
  })

  it('trust prints the DID it trusts and the other half to be done', async () => {
    await using node = await startNode({
      'POST /api/v1/trust': () => ({ body: { ...peer, name: 'beta' } }),
      'GET /api/v1/status': () => ({ body: status })
    })
    const { stdout } = await folder.akshi(['trust', 'beta'])
    expect(node.requests[0]?.body).to.deep.equal({ peer: 'beta' })
    expect(stdout).to.include(`trusted beta: ${otherDid}\n`).and.include(`akshi trust ${did}`)
  })

  it('status --watch shows the node again after each change, and says when it has stopped', async () => {
    let shown = 0
    await using node = await startNode({
      'GET /api/v1/status': () => ({ body: { ...status, name: `shown ${++shown}` } }),
      'GET /api/v1/events': () => ({ body: Buffer.from('retry: 1000\n\nid: a-1\nevent: peer\ndata: {}\n\n:\n\n') })
    })
    const { code, stdout, stderr } = await folder.akshi(['status', '--watch', '--json'])
    expect(stdout.trim().split('\n').map((line) => (JSON.parse(line) as NodeStatus).name)).to.deep.equal(['shown 1', 'shown 2'])
    expect([code, stderr]).to.satisfy(([code, stderr]: [number, string]) => code !== 0 && stderr.includes('MESH_NOT_RUNNING'))
    expect(node.requests.map(({ path }) => path)).to.deep.equal(['/api/v1/status', '/api/v1/events', '/api/v1/status'])
  })

  it('why shows each address that was tried, and what to do', async () => {
    const tries = [
      { address: { host: '::1', port: 7 }, source: 'mdns', triedAt: '2026-01-01T00:00:00.000Z', result: 'failed', error: 'ref\u001bused', retryInMs: 1_200 },
      { address: { host: '192.0.2.1', port: 7 }, source: 'gossip', result: 'dialling' }
    ]
    await using node = await startNode({ 'GET /api/v1/why?peer=beta': () => ({ body: { peer, tries, verdict: 'none of them answers', next: 'Look there.' } }) })
    const { code, stdout } = await folder.akshi(['why', 'beta'])
    expect([code, stdout.split('\n').slice(1)]).to.deep.equal([0, [
      '  none of them answers',
      '  trust  trusted: approved by the operator',
      '  path   lan at [::1]:1',
      '',
      'ADDRESS      NAMED BY  TRIED                     RESULT         AGAIN',
      '[::1]:7      mdns      2026-01-01T00:00:00.000Z  ref\\u001bused  in 2 s',
      '192.0.2.1:7  gossip    -                         dialling',
      '',
      'Look there.',
      ''
    ]])
    expect(node.requests.length).to.equal(1)
  })

  it('untrust says whom it trusts no more and how to take it back', async () => {
    await using node = await startNode({ 'POST /api/v1/untrust': () => ({ body: { ...peer, name: 'beta', trust: 'pending' } }) })
    const { code, stdout } = await folder.akshi(['untrust', 'beta'])
    expect([code, node.requests[0]?.body]).to.deep.equal([0, { peer: 'beta' }])
    expect(stdout).to.include(`no longer trusted: beta ${otherDid}\n`).and.include(`akshi trust ${otherDid}\n`)
  })

  it('trust refuses an ambiguous name with exit code 9', async () => {
    await using node = await startNode({ 'POST /api/v1/trust': () => ({ status: 409, body: { error: 'MESH_PEER_AMBIGUOUS', detail: 'two are called beta' } }) })
    const { code } = await folder.akshi(['trust', 'beta'])
    expect({ code, requests: node.requests.length }).to.deep.equal({ code: 9, requests: 1 })
  })

  it('journal read passes its options on and prints the entries', async () => {
    const page = { entries: [{ id: 'x', at: '2026-01-01T00:00:00.000Z', origin: did, kind: 'note', body: 'two\nlines' }, { id: 'y', at: '2026-01-01T00:00:01.000Z', origin: otherDid, kind: 'sum', body: { a: 1 } }], cursor: 'c2' }
    await using node = await startNode({
      'GET /api/v1/journals/notes/entries?limit=2&reverse=1&since=c1&kind=note': () => ({ body: page }),
      'GET /api/v1/journals': () => ({ body: status.journals })
    })
    const words = ['journal', 'read', 'notes', '--limit', '2', '--reverse', '--since', 'c1', '--kind', 'note', '--cursor']
    expect((await folder.akshi(words)).stdout).to.equal([
      '2026-01-01T00:00:00.000Z  alpha  note  two\\nlines',
      '2026-01-01T00:00:01.000Z  be\\u001bta  sum  {"a":1}', 'c2', ''
    ].join('\n'))
    expect(JSON.parse((await folder.akshi([...words, '--json'])).stdout)).to.deep.equal(page)
    expect(node.requests.map(({ path }) => path.slice(0, 16))).to.have.length(3)
  })

  describe('journal append', () => {
    const path = 'POST /api/v1/journals/notes/entries'

    it('sends a text as one entry', async () => {
      await using node = await startNode({ [path]: acknowledge(7) })
      const { code, stdout } = await folder.akshi(['journal', 'append', 'notes', 'two', 'words', '--kind', 'todo'])
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '1 entry appended to notes (envelope 7, on disk)\n' })
      expect(node.requests.map(({ body }) => body)).to.deep.equal([{ entries: [{ kind: 'todo', body: 'two words' }] }])
    })

    it('streams stdin: a request holds what came in, and is answered before the next', async () => {
      await using node = await startNode({ [path]: acknowledge(1) })
      const { stdout } = await folder.akshi(['journal', 'append', 'notes', '--json'], { stdin: Readable.from(['a\nb\n', 'c\nd', 'e\n']) })
      expect(node.requests.map(bodiesOf)).to.deep.equal([['a', 'b'], ['c'], ['de']])
      expect(JSON.parse(stdout)).to.deep.equal({ journal: 'notes', entries: 4, seq: 1, durability: 'fsync' })
    })

    it('sends a hundred thousand lines in a few requests', async () => {
      await using node = await startNode({ [path]: acknowledge(1) })
      const text = Array.from({ length: 100_000 }, (_, line) => `line ${line}\n`).join('')
      const { code, stdout } = await folder.akshi(['journal', 'append', 'notes', '-'], { stdin: Readable.from(pieces(Buffer.from(text), 65_536)) })
      expect(code).to.equal(0)
      expect(stdout).to.match(/^100000 entries /)
      expect(node.requests.flatMap(bodiesOf).join('\n') + '\n').to.equal(text)
      expect(node.requests.length).to.be.lessThan(30)
    })

    it('fails, with what was acknowledged, when the node refuses an entry', async () => {
      let calls = 0
      await using node = await startNode({
        [path]: (request) => ++calls < 2 ? acknowledge(1)(request) : { status: 413, body: { error: 'MESH_ENTRY_TOO_LARGE', detail: 'too large' } }
      })
      const { code, stdout, stderr } = await folder.akshi(['journal', 'append', 'notes'], { stdin: Readable.from(['a\nb\n', 'c\n', 'd\n']) })
      expect({ code, stdout, calls: node.requests.length }).to.deep.equal({ code: 9, stdout: '', calls: 2 })
      expect(stderr).to.equal('akshi: too large (2 entries before that were acknowledged) (MESH_ENTRY_TOO_LARGE)\n')
    })
  })
})

function acknowledge (seq: number): (request: ApiRequest) => ApiAnswer {
  return (request) => ({ body: { ids: bodiesOf(request).map((_, index) => `id${index}`), seq, durability: 'fsync' } })
}

function bodiesOf ({ body }: ApiRequest): unknown[] {
  return (body as { entries: readonly NewEntry[] }).entries.map((entry) => entry.body)
}

function * pieces (bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
