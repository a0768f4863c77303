import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { homePaths, splitItems } from '@akshi/core'
import { expect } from 'chai'
import { Home, meshId } from '../core/journal-tools/journal-fixture.ts'
import { Folder, type CommandOptions } from './support/command.ts'
import { FakeNode, type ApiAnswer, type ApiRequest } from './support/fake-node.ts'

describe('journal files', () => {
  let home: Home
  let items: Uint8Array[]
  let folder: Folder
  before(async () => {
    home = await Home.open()
    await home.append(200, 2)
    items = await home.items()
    await home.close()
  })
  after(() => home[Symbol.asyncDispose]())
  beforeEach(async () => {
    folder = await Folder.create()
    await writeFile(join(folder.path, 'runtime.toml'), `[mesh]\nid = "${meshId}"\n`)
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const path = (...names: string[]) => join(folder.path, ...names)
  const akshi = (words: readonly string[], options?: CommandOptions) => folder.akshi(['-c', 'runtime.toml', 'journal', ...words], options)

  /** A node that gives the items, and answers each import as told. */
  const startNode = (imported: (request: ApiRequest, call: number) => ApiAnswer = () => ({ body: { stored: 0, duplicate: 0, others: [] } }), mesh = meshId) => {
    let calls = 0
    return FakeNode.start(path('.akshi'), (request) => {
      if (request.path === '/api/v1/status') return { body: { mesh: { id: mesh } } }
      if (request.path === '/api/v1/journals') return { body: [{ name: 'notes', origins: [] }] }
      if (request.path === '/api/v1/journals/notes/export') return { body: Buffer.concat(items) }
      return imported(request, calls++)
    })
  }

  const export_ = async () => {
    await using node = await startNode()
    const outcome = await akshi(['export', 'notes'])
    expect(node.requests.length).to.equal(3)
    return outcome
  }

  it('are exported whole, and verified without a node', async () => {
    expect((await export_()).stdout).to.match(/^exported notes: \d+ items, \d+\.\d kB, to notes\.akshi-journal\nNext: akshi journal verify notes\.akshi-journal\n$/)
    const { code, stdout } = await akshi(['verify', 'notes.akshi-journal'])
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${path('notes.akshi-journal')} (notes, mesh "tools"):\n1 origin, 0 envelopes, 1 snapshot, 200 entries: all good\n` })
    expect(JSON.parse((await akshi(['verify', 'notes.akshi-journal', '--json'])).stdout)).to.deep.include({ ok: true, journals: ['notes'], origins: [home.identity.did], entries: 200, forks: 0, notes: [] })
    expect((await readdir(folder.path)).sort()).to.deep.equal(['.akshi', 'notes.akshi-journal', 'runtime.toml'])
  })

  it('are refused when something in them was altered, with the record and its feed', async () => {
    await export_()
    const bytes = await readFile(path('notes.akshi-journal'))
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
    await writeFile(path('notes.akshi-journal'), bytes)
    const { code, stdout, stderr } = await akshi(['verify', './notes.akshi-journal'])
    expect([code, stdout]).to.deep.equal([9, ''])
    expect(stderr).to.include(`notes.akshi-journal, record ${items.length - 1} (log of "notes" by ${home.identity.did}, envelope 100): `)
  })

  it('are imported in batches, with what became of the items', async () => {
    await export_()
    const row = { status: 'untrusted', reason: 'not trus\u001bted', items: 1 }
    await using node = await startNode(({ body }) => ({ body: { stored: splitItems(body as Uint8Array).length - 1, duplicate: 0, others: [row] } }))
    const { code, stdout } = await akshi(['import', 'notes.akshi-journal'])
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `imported notes: of ${items.length} items ${items.length - 1} are new, 0 were here\n  1 untrusted: not trus\\u001bted\n` })
    const sent = node.requests.filter(({ path }) => path === '/api/v1/journals/import').flatMap(({ body }) => splitItems(body as Uint8Array))
    expect(Buffer.concat(sent).equals(Buffer.concat(items))).to.equal(true)
  })

  it('are not imported when they are cut, of another mesh, or refused', async () => {
    await export_()
    const bytes = await readFile(path('notes.akshi-journal'))
    await writeFile(path('cut'), bytes.subarray(0, -1))
    await using node = await startNode((_request, call) => ({ body: { stored: 0, duplicate: 0, others: [{ status: call === 0 ? 'refused' : 'failed', reason: 'why', items: 2 }] } }))
    const cut = await akshi(['import', 'cut'])
    expect([cut.code, cut.stderr.includes('cut short'), node.requests.length]).to.deep.equal([9, true, 0])
    expect([(await akshi(['import', 'notes.akshi-journal'])).code, (await akshi(['import', 'notes.akshi-journal'])).code]).to.deep.equal([9, 7])
    await using foreign = await startNode(undefined, 'other')
    const { code, stderr } = await akshi(['import', 'notes.akshi-journal'])
    expect([code, stderr.includes('belongs to the mesh "tools", and this node to "other"'), foreign.requests.length]).to.deep.equal([2, true, 1])
  })

  it('show on a terminal how far it is, and nothing with --json', async () => {
    await export_()
    const shown = await akshi(['verify', 'notes.akshi-journal'], { columns: 80 })
    const [start, ...lines] = shown.stderr.split('\r\u001b[2K')
    expect([start, lines.at(-1), lines.length > 1]).to.deep.equal(['', '', true])
    for (const line of lines.slice(0, -1)) expect(line).to.match(/^verified [\d,]+ entr(y|ies), [\d.]+ k?B, [\d,]+\/s$/)
    expect((await akshi(['verify', 'notes.akshi-journal', '--json'], { columns: 80 })).stderr).to.equal('')
  })

  it('of a home are verified without a node, and the first bad record is named', async () => {
    const { journals } = homePaths(path('.akshi'), meshId)
    await cp(home.path, journals, { recursive: true })
    const good = await akshi(['verify'])
    expect([good.code, good.stdout]).to.deep.equal([0, `the journals in ${journals}:\n1 origin, 100 envelopes, 1 snapshot, 200 entries: all good\n`])
    const [log = ''] = (await readdir(join(journals, 'notes', home.logFolder))).filter((name) => name.endsWith('.log'))
    const file = join(journals, 'notes', home.logFolder, log)
    const bytes = await readFile(file)
    bytes[1_000] = (bytes[1_000] ?? 0) ^ 1
    await writeFile(file, bytes)
    const { code, stderr } = await akshi(['verify', 'notes'])
    expect(code).to.equal(7)
    expect(stderr).to.match(new RegExp(`^akshi: ${file}, record 1: it is damaged on disk: .*\\(MESH_JOURNAL_DAMAGED\\)\\n$`))
    expect((await akshi(['verify', 'other'])).code).to.equal(2)
  })
})
