import { createIdentity, splitItems, type EntryView } from '@akshi/core'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { FakeNode, type ApiAnswer, type ApiRequest } from './support/fake-node.ts'

const { did } = createIdentity()
const { did: otherDid } = createIdentity()

const origin = { did, name: 'al\u001bpha', entries: 9_000, envelopes: 20, paths: 2, segments: 3, sealed: 2, detached: 1, firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-02T00:00:00.000Z' }
const stats = { name: 'notes', entries: 9_000, origins: [origin], bytes: 1_234_567, parked: [{ origin: otherDid, name: 'beta', why: 'trust', items: 1, bytes: 7 }], durability: 'fsync' }
const journals = [{ name: 'notes', entries: 1, heads: [], origins: [{ did, name: 'alpha', seq: 1, entries: 1, paths: 1 }], parked: [] }]

const entry = (id: string, by = did): EntryView => ({ id, at: '2026-01-01T00:00:00.000Z', origin: by, kind: 'note', body: `text ${id}\u001b` })
const line = (id: string, by = did) => JSON.stringify({ entry: entry(id, by), cursor: `c${id}` }) + '\n'

describe('journal commands', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  const startNode = (answers: Record<string, (request: ApiRequest) => ApiAnswer>) => FakeNode.start(`${folder.path}/.akshi`, (request) =>
    answers[`${request.method} ${request.path}`]?.(request) ?? { status: 404, body: { error: 'MESH_REQUEST_INVALID', detail: `no ${request.path}` } })

  it('stats show what is held and taken, for all journals or one', async () => {
    await using node = await startNode({ 'GET /api/v1/journals': () => ({ body: journals }), 'GET /api/v1/journals/notes/stats': () => ({ body: stats }) })
    expect((await folder.akshi(['journal', 'stats'])).stdout).to.equal([
      'NAME   ENTRIES  ORIGINS  ENVELOPES  SEGMENTS  ON DISK  PARKED', 'notes    9,000        1         20         3   1.2 MB       1', ''
    ].join('\n'))
    expect((await folder.akshi(['journal', 'stats', 'notes'])).stdout).to.equal([
      'notes  9,000 entries, 1.2 MB on disk; acknowledged means on disk', '',
      'WRITTEN BY   ENTRIES  ENVELOPES  SEGMENTS                          FIRST       LAST',
      'al\\u001bpha    9,000         20  3 (2 sealed, 2 paths, 1 waiting)  2026-01-01  2026-01-02',
      '  waiting for trust in beta: 1 item (7 B)', ''
    ].join('\n'))
    expect(JSON.parse((await folder.akshi(['journal', 'stats', '--json'])).stdout)).to.deep.equal({ journals: [stats] })
    expect(node.requests.length).to.equal(5)
  })

  it('state and set print the document, and only a JSON patch is sent', async () => {
    const state = { value: { mood: 'good\u009b', list: [1] }, heads: ['ab'], vouched: [] }
    await using node = await startNode({ 'GET /api/v1/journals/notes/state': () => ({ body: state }), 'PATCH /api/v1/journals/notes/state': () => ({ body: state }) })
    const shown = '{\n  "mood": "good\\u009b",\n  "list": [\n    1\n  ]\n}\n'
    const { code, stderr } = await folder.akshi(['journal', 'set', 'notes', '{mood}'])
    expect([code, stderr.startsWith('akshi: The patch is not JSON'), node.requests.length]).to.deep.equal([9, true, 0])
    expect((await folder.akshi(['journal', 'state', 'notes'])).stdout).to.equal(shown)
    expect((await folder.akshi(['journal', 'set', 'notes', '{"mood":null}'])).stdout).to.equal(shown)
    expect([node.requests[1]?.body, JSON.parse((await folder.akshi(['journal', 'state', 'notes', '--json'])).stdout)]).to.deep.equal([{ mood: null }, state])
  })

  describe('tail', () => {
    const path = 'GET /api/v1/journals/notes/tail?since=c0&kind=note'
    const words = ['journal', 'tail', 'notes', '--since', 'c0', '--kind', 'note']

    async function follow (argv: readonly string[], answer: ApiAnswer, lines: number) {
      await using node = await startNode({ [path]: () => answer, 'GET /api/v1/journals': () => ({ body: journals }) })
      const stop = new AbortController()
      const outcome = await folder.akshi(argv, { stop: stop.signal, onOutput: (text) => { if (text.split('\n').length > lines) stop.abort() } })
      expect(node.requests.length).to.be.greaterThan(1)
      return outcome
    }

    it('prints entries as they come, however the bytes are cut, until it is interrupted', async () => {
      const text = `\n${line('1')}\n${line('2', otherDid)}`
      const more = [text.slice(0, 50), text.slice(50, 400), text.slice(400)]
      expect(await follow(words, { body: undefined, more }, 2)).to.deep.equal({
        code: 0,
        stderr: '',
        stdout: `2026-01-01T00:00:00.000Z  alpha  note  text 1\\u001b\n2026-01-01T00:00:00.000Z  z6Mk…${otherDid.slice(-8)}  note  text 2\\u001b\n`
      })
    })

    it('prints one document a line with --json', async () => {
      const { stdout } = await follow([...words, '--json'], { body: undefined, more: [line('1') + line('2')] }, 2)
      expect(stdout).to.equal(line('1') + line('2'))
    })

    it('ends with exit code 4 when the node stops, and says what the node refuses', async () => {
      await using node = await startNode({ [path]: () => ({ body: entry('1') }), 'GET /api/v1/journals': () => ({ body: [] }) })
      const refused = await folder.akshi(['journal', 'tail', 'notes'])
      expect([refused.code, refused.stderr.includes('no /api/v1/journals/notes/tail')]).to.deep.equal([2, true])
      expect(node.requests.length).to.equal(2)
      await using ending = await startNode({ [path]: () => ({ body: undefined }), 'GET /api/v1/journals': () => ({ body: [] }) })
      expect([(await folder.akshi(words)).code, ending.requests.length]).to.deep.equal([4, 2])
    })
  })

  it('export says when there is no such journal, and writes nothing', async () => {
    await using node = await startNode({ 'GET /api/v1/journals': () => ({ body: journals }), 'GET /api/v1/status': () => ({ body: { mesh: { id: 'default' } } }) })
    const { code, stderr } = await folder.akshi(['journal', 'export', 'other'])
    expect([code, stderr]).to.deep.equal([2, 'akshi: There is no journal "other" on this node. See: akshi journal list (MESH_REQUEST_INVALID)\n'])
    expect([node.requests.some(({ path }) => path.endsWith('/export')), splitItems(new Uint8Array(0))]).to.deep.equal([false, []])
  })
})
