import { expect } from 'chai'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createIdentity, MeshError, openAnnouncement, splitItems } from '@akshi/core'
import { call, json, operate, type Answer } from './client.ts'
import { makeEnvelope, makeSnapshot, meshId, noteLogger, TestNode, token } from './fixture.ts'
import { VirtualClock } from './virtual-clock.ts'

/** An answer that is read while it comes. */
async function follow (port: number, path: string): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${token}` }, agent: false })
  return (await once(request, 'response'))[0] as IncomingMessage
}

function deferred (): { promise: Promise<void>, resolve: () => void } {
  let resolve = () => {}
  return { promise: new Promise<void>((_resolve) => { resolve = _resolve }), resolve: () => resolve() }
}

const problem = ({ status, json }: Answer) => [status, json().error]

describe('local API', () => {
  const { logger, lines } = noteLogger()
  let node: TestNode
  before(async () => { node = await new TestNode({ logger }).start() })
  after(() => node.stop())
  beforeEach(() => {
    node.fake.calls.length = 0
    for (const name of Object.keys(node.fake.answers)) delete node.fake.answers[name]
  })

  it('gives the operator what the node control says', async () => {
    const reads = ['/status', '/peers', '/doctor', '/journals', '/sync/convergence?agent=notes', '/sync/convergence', '/journals/notes/entries', '/journals/notes/entries?limit=2&reverse=1&since=abc&kind=note']
    const answers = []
    for (const path of reads) answers.push((await operate(node.port, `/api/v1${path}`)).json().from)
    answers.push((await operate(node.port, '/api/v1/trust', json({ peer: 'beta' }))).json().from)
    answers.push((await operate(node.port, '/api/v1/untrust', json({ peer: 'beta' }))).json().from)
    answers.push((await operate(node.port, '/api/v1/journals/notes/entries', json({ entries: [{ body: 1 }, { kind: 'x', body: null }] }))).json().from)
    expect(answers).to.deep.equal(['status', 'peers', 'doctor', 'journals', 'convergence', 'convergence', 'read', 'read', 'trust', 'untrust', 'append'])
    expect(node.fake.calls).to.deep.equal([
      ['status'], ['peers'], ['doctor'], ['journals'], ['convergence', 'notes'], ['convergence', undefined],
      ['read', 'notes', { reverse: false }], ['read', 'notes', { limit: 2, reverse: true, since: 'abc', kind: 'note' }],
      ['trust', 'beta'], ['untrust', 'beta'], ['append', 'notes', [{ body: 1 }, { kind: 'x', body: null }]]
    ])
  })

  it('shows and changes the state of a journal, and tells what it takes', async () => {
    const patch = (type: string) => operate(node.port, '/api/v1/journals/notes/state', { method: 'PATCH', headers: { 'content-type': type }, body: '{"a":null}' })
    const answers = [await operate(node.port, '/api/v1/journals/notes/state'), await operate(node.port, '/api/v1/journals/notes/stats'), await patch('application/merge-patch+json'), await patch('application/json')]
    expect(answers.map((answer) => answer.json().from)).to.deep.equal(['state', 'stats', 'patchState', 'patchState'])
    expect(node.fake.calls).to.deep.equal([['state', 'notes'], ['stats', 'notes'], ['patchState', 'notes', { a: null }], ['patchState', 'notes', { a: null }]])
  })

  it('gives every item of a journal, and takes them', async () => {
    const origin = createIdentity()
    const items = [makeEnvelope(origin, 'notes', 1), makeSnapshot(origin, 'notes', 2), makeEnvelope(origin, 'notes', 3, 300_000)].map(({ bytes }) => bytes)
    node.fake.answers.exportItems = (async function * () { yield * items })()
    const exported = await operate(node.port, '/api/v1/journals/notes/export')
    expect([exported.status, exported.headers['content-type'], splitItems(exported.bytes).map((bytes) => Buffer.from(bytes))]).to.deep.equal([200, 'application/cbor-seq', items.map((bytes) => Buffer.from(bytes))])
    const imported = await operate(node.port, '/api/v1/journals/import', { method: 'POST', headers: { 'content-type': 'application/cbor-seq' }, body: exported.bytes })
    expect([imported.json().from, node.fake.calls.map(([name]) => name)]).to.deep.equal(['importItems', ['exportItems', 'importItems']])
    expect((node.fake.calls[1]?.[1] as Uint8Array[]).map((bytes) => Buffer.from(bytes))).to.deep.equal(items.map((bytes) => Buffer.from(bytes)))
  })

  it('gives no part of an export for the whole: it answers an error, or cuts the connection', async () => {
    const [first] = [makeEnvelope(createIdentity(), 'notes', 1).bytes]
    const failing = (before: readonly Uint8Array[]) => (async function * () { yield * before; throw new MeshError('MESH_JOURNAL_NAME_INVALID', 'why') })()
    node.fake.answers.exportItems = failing([])
    expect(problem(await operate(node.port, '/api/v1/journals/x/export'))).to.deep.equal([400, 'MESH_JOURNAL_NAME_INVALID'])
    node.fake.answers.exportItems = failing([first])
    expect(await operate(node.port, '/api/v1/journals/x/export').then(() => 'whole', () => 'cut')).to.equal('cut')
  })

  it('follows a journal, a line for each entry, until the caller goes away', async () => {
    const ended = deferred()
    const more = deferred()
    node.fake.answers.read = { entries: [], cursor: 'c0' }
    node.fake.answers.tail = (async function * () {
      yield { entry: { id: '1' }, cursor: 'c1' }
      const { signal } = node.fake.calls.at(-1)?.[2] as { signal: AbortSignal }
      signal.addEventListener('abort', () => { ended.resolve(); more.resolve() })
      await more.promise
    })()
    const response = await follow(node.port, '/api/v1/journals/notes/tail?kind=note')
    let text = ''
    for await (const chunk of response) {
      text += String(chunk)
      if (text.endsWith('}\n')) break
    }
    await ended.promise
    expect([response.headers['content-type'], text]).to.deep.equal(['application/x-ndjson', '\n{"entry":{"id":"1"},"cursor":"c1"}\n'])
    expect(node.fake.calls[1]?.slice(0, 2)).to.deep.equal(['tail', 'notes'])
    expect(node.fake.calls[1]?.[2]).to.deep.include({ since: 'c0', kind: 'note' })
  })

  it('tells what happens as server-sent events, after the one that the caller knows', async () => {
    const events = [{ id: 'a-2', at: '2026-01-01T00:00:00.000Z', type: 'notice', data: { code: 'X', message: 'line\nbreak', count: 1 } }, { id: 'a-3', at: '', type: 'peer', data: {} }]
    const seen: string[] = []
    for (const [path, headers] of [['/api/v1/events?after=a-1', {}], ['/api/v1/events', { 'last-event-id': 'a-1' }], ['/api/v1/events', {}]] as const) {
      node.fake.answers.events = (async function * () { yield * events })()
      const answer = await operate(node.port, path, { headers })
      seen.push(`${answer.status} ${answer.headers['content-type']} ${answer.bytes.toString()}`)
    }
    const [first = '', ...others] = seen
    expect(first).to.equal('200 text/event-stream retry: 1000\n\n' +
      'id: a-2\nevent: notice\ndata: {"at":"2026-01-01T00:00:00.000Z","data":{"code":"X","message":"line\\nbreak","count":1}}\n\nid: a-3\nevent: peer\ndata: {"at":"","data":{}}\n\n')
    expect(others).to.deep.equal([first, first])
    expect(node.fake.calls.map(([name, options]) => [name, (options as { after?: string }).after])).to.deep.equal([['events', 'a-1'], ['events', 'a-1'], ['events', undefined]])
  })

  it('says why a peer stands where it does', async () => {
    expect([(await operate(node.port, '/api/v1/why?peer=beta')).json().from, node.fake.calls, problem(await operate(node.port, '/api/v1/why'))]).to.deep.equal(['why', [['why', 'beta']], [400, 'MESH_REQUEST_INVALID']])
  })

  it('refuses to follow what cannot be read', async () => {
    node.fake.answers.read = new MeshError('MESH_REQUEST_INVALID', 'why')
    expect([problem(await operate(node.port, '/api/v1/journals/notes/tail?since=x')), node.fake.calls]).to.deep.equal([[400, 'MESH_REQUEST_INVALID'], [['read', 'notes', { limit: 0, reverse: true, since: 'x' }]]])
  })

  it('takes bodies of some megabytes', async () => {
    const answer = await operate(node.port, '/api/v1/journals/notes/entries', json({ entries: [{ body: 'x'.repeat(2_000_000) }] }))
    expect(answer.status).to.equal(200)
  })

  it('lets nobody in without the token, from a foreign page or under a foreign name', async () => {
    const path = '/api/v1/status'
    expect([
      problem(await call(node.port, path)),
      problem(await call(node.port, path, { headers: { authorization: 'Bearer wrong' } })),
      problem(await operate(node.port, path, { headers: { host: `evil.example:${node.port}` } })),
      problem(await operate(node.port, path, { headers: { origin: 'http://evil.example' } })),
      problem(await operate(node.port, '/api/v1/trust', { ...json({ peer: 'x' }), headers: { 'content-type': 'application/json', authorization: '' } })),
      node.fake.calls
    ]).to.deep.equal([
      [401, 'MESH_TOKEN_INVALID'], [401, 'MESH_TOKEN_INVALID'], [403, 'MESH_NOT_TRUSTED'], [403, 'MESH_NOT_TRUSTED'], [401, 'MESH_TOKEN_INVALID'], []
    ])
  })

  it('is not for peers, nor for the node\'s own certificate', async () => {
    expect(problem(await call(node.port, '/api/v1/status', { as: node.identity }))).to.deep.equal([401, 'MESH_TOKEN_INVALID'])
  })

  it('turns error codes into statuses', async () => {
    const codes = ['MESH_JOURNAL_NAME_INVALID', 'MESH_DID_INVALID', 'MESH_PEER_UNKNOWN', 'MESH_PEER_AMBIGUOUS', 'MESH_ENTRY_TOO_LARGE', 'MESH_WRITE_VETOED', 'MESH_HOOK_FAILED', 'MESH_DISK_FAILED'] as const
    const answers = []
    for (const code of codes) {
      node.fake.answers.trust = new MeshError(code, 'why')
      const answer = await operate(node.port, '/api/v1/trust', json({ peer: 'x' }))
      answers.push([answer.status, answer.json()])
    }
    expect(answers).to.deep.equal([400, 400, 404, 409, 413, 422, 503, 503].map((status, i) => [status, { error: codes[i], detail: 'why' }]))
  })

  it('says nothing of its own faults but that it has one', async () => {
    node.fake.answers.status = new TypeError('secret')
    const answer = await operate(node.port, '/api/v1/status')
    expect([answer.status, answer.bytes.includes('secret'), lines]).to.deep.equal([500, false, ['a request failed']])
  })

  it('refuses what it cannot read', async () => {
    const entries = '/api/v1/journals/notes/entries'
    expect([
      await operate(node.port, '/api/v1/trust', json({})),
      await operate(node.port, '/api/v1/trust', { ...json({}), body: '{' }),
      await operate(node.port, '/api/v1/trust', { method: 'POST', body: '{"peer":"x"}' }),
      await operate(node.port, entries, json({ entries: [] })),
      await operate(node.port, entries, json({ entries: [{ kind: 'x' }] })),
      await operate(node.port, entries, json({ entries: [{ kind: 1, body: 1 }] })),
      await operate(node.port, `${entries}?limit=-1`),
      await operate(node.port, `${entries}?kind=a&kind=b`),
      await operate(node.port, entries, json({ entries: [{ body: 'x'.repeat(10_000_000) }] })),
      await operate(node.port, '/api/v1/journals/import', { method: 'POST', headers: { 'content-type': 'application/cbor-seq' }, body: Buffer.alloc(8_400_000) }),
      await operate(node.port, '/api/v1/journals/import', json({})),
      await operate(node.port, '/api/v1/nothing'),
      await operate(node.port, '/api/v1/status', { method: 'DELETE' }),
      await operate(node.port, '/api/v1/journals/notes/tail', { method: 'PUT' }),
      await operate(node.port, '/api/v1/journals/notes/export', { method: 'PUT' })
    ].map(problem)).to.deep.equal([...Array(8).fill(400), 413, 413, 415, 404, 405, 405, 405].map((status) => [status, 'MESH_REQUEST_INVALID']))
  })
})

describe('open routes', () => {
  let node: TestNode
  before(async () => { node = await new TestNode().start() })
  after(() => node.stop())

  it('say who the node is, to all, with its signed announcement', async () => {
    const answers = [await call(node.port, '/.well-known/akshi-node'), await call(node.port, '/.well-known/akshi-node', { as: 'nobody' }), await call(node.port, '/.well-known/akshi-node', { as: createIdentity() })]
    const { announcement, ...rest } = answers[0]?.json() ?? {}
    expect([answers.map(({ status }) => status), rest, openAnnouncement(Buffer.from(String(announcement), 'base64'), meshId).announcement.did])
      .to.deep.equal([[200, 200, 200], { did: node.identity.did, name: 'alpha', version: '0.1.0', api: '/api/v1' }, node.identity.did])
  })

  it('say that the node is well, and nothing else', async () => {
    const answer = await call(node.port, '/api/v1/health')
    expect([answer.status, answer.json()]).to.deep.equal([200, { status: 'ok' }])
  })

  it('take no other methods', async () => {
    const answer = await call(node.port, '/api/v1/health', { method: 'POST' })
    expect([answer.status, answer.headers.allow]).to.deep.equal([405, 'GET, HEAD'])
  })
})

describe('mounted routes', () => {
  const peer = createIdentity()
  let node: TestNode
  before(async () => {
    node = new TestNode()
    node.receiver.trusted.add(peer.did)
    for (const access of ['open', 'local', 'mesh'] as const) {
      node.httpRoutes.mount({ path: `/${access}`, access, listener: (request, response) => response.end(`${request.url} ${String(request.headers['x-akshi-peer'])}`) })
    }
    await node.start()
  })
  after(() => node.stop())

  it('are reached by whom their access lets through, with the path unchanged', async () => {
    const headers = { 'x-akshi-peer': 'forged' }
    const statuses = async (options: Parameters<typeof call>[2]) => {
      const found = []
      for (const access of ['open', 'local', 'mesh']) found.push((await call(node.port, `/${access}/x?y=1`, options)).status)
      return found
    }
    expect([await statuses({}), await statuses({ headers: { authorization: `Bearer ${token}` } }), await statuses({ as: peer }), await statuses({ as: createIdentity() })])
      .to.deep.equal([[200, 401, 403], [200, 200, 403], [200, 401, 200], [200, 401, 403]])
    expect([
      (await call(node.port, '/open/x?y=1', { headers })).bytes.toString(), (await call(node.port, '/mesh', { headers, as: peer })).bytes.toString()
    ]).to.deep.equal(['/open/x?y=1 undefined', `/mesh ${peer.did}`])
  })
})

describe('rate limits', () => {
  it('are one bucket an address for strangers, of their own for peers and the operator', async () => {
    const clock = new VirtualClock()
    const node = await new TestNode({ clock, dashboard: { rateLimitPerMinute: 60, rateLimitBurst: 2 } }).start()
    try {
      const peer = createIdentity()
      node.receiver.trusted.add(peer.did)
      const strangers = []
      for (let i = 0; i < 3; i++) strangers.push(await call(node.port, '/api/v1/health', i === 1 ? { as: createIdentity() } : {}))
      const last = strangers[2]
      expect(strangers.map(({ status }) => status)).to.deep.equal([200, 200, 429])
      expect([last?.json().error, last?.headers['retry-after'], last?.headers['x-ratelimit-limit'], last?.headers['x-ratelimit-remaining'], last?.headers['x-ratelimit-reset']])
        .to.deep.equal(['MESH_RATE_LIMITED', '1', '60', '0', '2'])
      expect([(await call(node.port, '/api/v1/health', { as: peer })).status, (await operate(node.port, '/api/v1/health')).status]).to.deep.equal([200, 200])
      await clock.advance(1_000)
      expect((await call(node.port, '/api/v1/health')).status).to.equal(200)
    } finally {
      await node.stop()
    }
  })
})
