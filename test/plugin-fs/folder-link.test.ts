import { chmod, copyFile, mkdir, readFile, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createIdentity, digestRoot, isMeshError, sealEnvelope } from '@akshi/core'
import { expect } from 'chai'
import { bytesOf, chain, digestSeqs, filesIn, meshId, never, newChain, pullSeqs, push, recordLines, Shelter, spyOnSync } from './support.ts'
import { unprivileged } from '../support/unprivileged.ts'

describe('FolderLink', () => {
  const shelter = new Shelter()
  let dir: string
  beforeEach(async () => { dir = await shelter.folder() })
  afterEach(() => shelter.close())

  const two = async () => [await shelter.link(dir), await shelter.link(dir)] as const

  it('carries what one node pushes to another, byte for byte', async () => {
    const [a, b] = await two()
    const made = newChain(3)
    expect(await push(a, made)).to.deep.equal(['stored', 'stored', 'stored'])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [3] })
    expect(await pullSeqs(b, made)).to.deep.equal([1, 2, 3])
  })

  it('answers a digest with feeds, tips and their root', async () => {
    const [a, b] = await two()
    const made = newChain(2)
    await push(a, made)
    const digest = await b.digest({ root: new Uint8Array(32) }, never)
    const { origin, id } = made[1]!
    const feeds = [{ feed: { journal: 'notes', part: 'log' as const, origin }, tips: [{ seq: 2, id }], heads: [] }]
    expect(digest).to.deep.equal({ root: digestRoot(feeds), feeds })
  })

  it('sees what another pushes after it has looked', async () => {
    const [a, b] = await two()
    const made = newChain(4)
    for (const envelope of made) {
      await push(a, [envelope])
      expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [envelope.header.seq] })
    }
  })

  it('calls what is there a duplicate and says what the folder has', async () => {
    const [a, b] = await two()
    const made = newChain(3)
    await push(a, made.slice(0, 2))
    const { verdicts, have } = await b.push(bytesOf(made), never)
    expect(verdicts).to.deep.equal([{ status: 'duplicate' }, { status: 'duplicate' }, { status: 'stored' }])
    expect(have.map(({ feed, tips }) => [feed.origin, tips])).to.deep.equal([[made[0]!.origin, [{ seq: 3, id: made[2]!.id }]]])
  })

  it('keeps log and state, journals and origins apart', async () => {
    const [a, b] = await two()
    const alice = createIdentity()
    const feeds = [chain(alice, 2), chain(alice, 3, { part: 'state' }), chain(alice, 1, { journal: 'other' })]
    await push(a, feeds.flat())
    await push(a, newChain(4, { journal: 'third' }))
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [2], 'notes/state': [3], 'other/log': [1], 'third/log': [4] })
    expect(await Promise.all(feeds.map((made) => pullSeqs(b, made)))).to.deep.equal([[1, 2], [1, 2, 3], [1]])
  })

  it('ends a tip before a gap until a writer fills it', async () => {
    const [a, b] = await two()
    const made = newChain(5)
    await push(a, [...made.slice(0, 2), ...made.slice(3)])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [2] })
    await push(a, [made[2]!])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [5] })
  })

  it('leaves a feed out whose first envelope is missing', async () => {
    const [a, b] = await two()
    await push(a, newChain(3).slice(1))
    expect(await digestSeqs(b)).to.deep.equal({})
  })

  it('has a tip for each side of a fork', async () => {
    const [a, b] = await two()
    const alice = createIdentity()
    const made = chain(alice, 2)
    const fork = chain(alice, 2, { after: made[0]!, salt: 'other side' })
    await push(a, [...made, ...fork])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [2, 3] })
    expect(await pullSeqs(b, [...made, ...fork])).to.have.members([1, 2, 2, 3])
  })

  it('pulls ranges in feed order, at most the limit', async () => {
    const [a, b] = await two()
    const made = newChain(12)
    await push(a, made.toReversed())
    expect(await pullSeqs(b, made, [made[7]!])).to.deep.equal([9, 10, 11, 12])
    expect(await pullSeqs(b, made, [], 2)).to.deep.equal([1, 2])
  })

  it('leaves out of a pull what vanished meanwhile', async () => {
    const [a, b] = await two()
    const made = newChain(3)
    await push(a, made)
    await digestSeqs(b)
    await rm((await filesIn(dir))[1]!)
    expect(await pullSeqs(b, made)).to.deep.equal([1, 3])
  })

  it('refuses announcements and what is no envelope, and takes the rest', async () => {
    const [a] = await two()
    const announcement = sealEnvelope(createIdentity(), meshId, { kind: 'announcement', seq: 1, at: 1 }, new Uint8Array(1))
    const { verdicts } = await a.push([announcement.bytes, Buffer.from('no envelope'), newChain(1)[0]!.bytes], never)
    expect(verdicts.map(({ status, reason }) => [status, reason !== undefined])).to.deep.equal([['refused', true], ['refused', true], ['stored', false]])
  })

  it('does not see another mesh in the same folder', async () => {
    const { logger, lines } = recordLines()
    const a = await shelter.link(dir)
    const b = await shelter.link(dir, { meshId: 'another', logger })
    await push(a, newChain(2))
    await push(b, newChain(1, { mesh: 'another', journal: 'elsewhere' }))
    expect([await digestSeqs(a), await digestSeqs(b), lines]).to.deep.equal([{ 'notes/log': [2] }, { 'elsewhere/log': [1] }, []])
  })

  describe('with something wrong in the folder', () => {
    const { logger, lines } = recordLines()
    beforeEach(() => { lines.length = 0 })
    const reported = () => lines.map((line) => (JSON.parse(line) as { path: string }).path)

    /** Two nodes, three envelopes of a feed and their files; neither node has looked since. */
    const setUp = async () => {
      const made = newChain(3)
      const [writer, reader] = [await shelter.link(dir), await shelter.link(dir, { logger })]
      await push(writer, made)
      return { made, writer, reader, files: await filesIn(dir) as [string, string, string] }
    }

    const damages: readonly { what: string, reason: string, damage: (file: string, other: string) => Promise<void> }[] = [
      { what: 'another envelope of the feed', reason: 'belongs elsewhere', damage: (file, other) => copyFile(other, file) },
      { what: 'other bytes', reason: 'tagged COSE_Sign1', damage: (file) => writeFile(file, 'squatted') },
      { what: 'half of it', reason: 'cut short', damage: (file) => truncate(file, 40) },
      { what: 'nothing', reason: 'cut short', damage: (file) => truncate(file, 0) },
      { what: 'more than an envelope may have', reason: 'more than an envelope may have', damage: (file) => truncate(file, 2 << 20) },
      {
        what: 'an altered signature',
        reason: 'signature does not fit',
        damage: async (file) => {
          const bytes = await readFile(file)
          bytes[bytes.length - 1]! ^= 1
          await writeFile(file, bytes)
        }
      },
      {
        what: 'a link to the right content',
        reason: 'not a regular file',
        damage: async (file) => {
          await rename(file, join(dir, '..', 'outside.env'))
          await symlink(join(dir, '..', 'outside.env'), file)
        }
      }
    ]

    for (const { what, reason, damage } of damages) {
      it(`skips a file that holds ${what}, reports it once, and lets a writer put it right`, async () => {
        const { made, writer, reader, files: [first, second] } = await setUp()
        await damage(second, first)
        expect([await digestSeqs(reader), await digestSeqs(reader), await pullSeqs(reader, made)]).to.deep.equal([{ 'notes/log': [1] }, { 'notes/log': [1] }, [1, 3]])
        expect([reported(), lines[0]?.includes(reason)]).to.deep.equal([[second], true])
        expect(await push(writer, made)).to.deep.equal(['duplicate', 'stored', 'duplicate'])
        expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3] })
        expect(await pullSeqs(reader, made)).to.deep.equal([1, 2, 3])
      })
    }

    it('notices damage that left size and time of a file as they were', async () => {
      const { made, reader, files: [, second] } = await setUp()
      await utimes(second, 1_000, 1_000)
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3] })
      await writeFile(second, new Uint8Array(made[1]!.bytes.length))
      await utimes(second, 1_000, 1_000)
      expect(await pullSeqs(reader, made)).to.deep.equal([1, 3])
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [1] })
    })

    it('notices damage with the next digests even if nobody pulls', async () => {
      const { reader, files: [, second] } = await setUp()
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3] })
      await truncate(second, 40)
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [1] })
    })

    it('reads a file again only when its times or size changed', async () => {
      const { files: [, second] } = await setUp()
      const problems: string[] = []
      const reader = await shelter.link(dir, { logger: { ...logger, warnOnce: (_key, message) => problems.push(message) } })
      await truncate(second, 40)
      for (let i = 0; i < 3; i++) await digestSeqs(reader)
      expect(problems.length).to.equal(1)
      await truncate(second, 30)
      for (let i = 0; i < 3; i++) await digestSeqs(reader)
      expect(problems.length).to.equal(2)
    })

    it('takes files that were half-written once they are whole, in every feed', async () => {
      const { made, writer, reader } = await setUp()
      const other = newChain(3, { journal: 'other' })
      await push(writer, other)
      const files = await filesIn(dir)
      for (const file of files) await truncate(file, 40)
      expect(await digestSeqs(reader)).to.deep.equal({})
      for (const file of files) await writeFile(file, [...made, ...other].find(({ id }) => file.includes(Buffer.from(id).toString('hex', 0, 16)))!.bytes)
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3], 'other/log': [3] })
    })

    it('says failed for an envelope whose place is taken by a folder, and leaves nothing half-done', async () => {
      const { made, writer, reader, files: [, second] } = await setUp()
      await rm(second)
      await mkdir(join(second, 'full'), { recursive: true })
      const { verdicts, have } = await writer.push(bytesOf(made), never)
      expect([verdicts.map(({ status }) => status), have[0]?.tips.map(({ seq }) => seq)]).to.deep.equal([['duplicate', 'failed', 'duplicate'], [1]])
      expect([await digestSeqs(reader), (await filesIn(dir)).filter((path) => !path.endsWith('.env'))]).to.deep.equal([{ 'notes/log': [1] }, []])
    })

    it('ignores unfinished writes without a word', async () => {
      const { made, reader, files: [first] } = await setUp()
      await writeFile(join(dirname(first), '.123-0011.tmp'), made[0]!.bytes.subarray(0, 30))
      await writeFile(join(dirname(first), '.syncthing.000000000004-00.env.tmp'), 'x')
      expect([await digestSeqs(reader), reported()]).to.deep.equal([{ 'notes/log': [3] }, []])
    })

    it('skips and reports foreign names at every level, and leaves them be', async () => {
      const { reader, files: [first] } = await setUp()
      const folders = [join(dirname(first), '..', '..', 'stuff'), join(dirname(first), '..', 'more')]
      for (const path of folders) await mkdir(path)
      const foreign = [join(dir, 'README'), join(dirname(first), '..', '..', 'notes.txt'), join(dirname(first), '..', 'z6Mk-file'), `${first}.sync-conflict`]
      for (const path of foreign) await writeFile(path, 'hello')
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3] })
      expect(await digestSeqs(reader)).to.deep.equal({ 'notes/log': [3] })
      expect(reported().sort()).to.deep.equal([...foreign.slice(1), ...folders].sort())
      expect(await Promise.all(foreign.map((path) => readFile(path, 'utf8')))).to.deep.equal(['hello', 'hello', 'hello', 'hello'])
    })

    it('follows no link out of the folder, to read or to write', async () => {
      const { made, writer, reader, files: [first] } = await setUp()
      const feed = dirname(first)
      const outside = join(dir, '..', 'outside')
      await rename(feed, outside)
      await symlink(outside, feed)
      expect([await digestSeqs(reader), await pullSeqs(reader, made), reported()]).to.deep.equal([{}, [], [feed]])
      const before = await filesIn(outside)
      const error = await push(writer, made).catch((cause: unknown) => cause)
      expect([isMeshError(error, 'MESH_DISK_FAILED'), await filesIn(outside)]).to.deep.equal([true, before])
    })
  })

  it('writes files and folders with the modes it was told, whatever the umask', async function () {
    if (process.platform === 'win32') this.skip()                                   // no such modes
    const umask = process.umask(0o077)
    try {
      await push(await shelter.link(dir, { fileMode: 0o640 }), newChain(1))
    } finally {
      process.umask(umask)
    }
    const [file] = await filesIn(dir) as [string]
    const modes = await Promise.all([file, dirname(file), dirname(dirname(file)), dir].map(async (path) => (await stat(path)).mode & 0o777))
    expect(modes).to.deep.equal([0o640, 0o750, 0o750, 0o750])
  })

  it('keeps the group of a setgid folder', async function () {
    if (process.platform === 'win32') this.skip()
    await mkdir(dir)
    await chmod(dir, 0o2770)
    await push(await shelter.link(dir, { fileMode: 0o660 }), newChain(1))
    const [file] = await filesIn(dir) as [string]
    expect((await stat(dirname(file))).mode & 0o7777).to.equal(0o2770)
  })

  it('has synced a file before it bears its name, and each folder of its path, when it says stored', async function () {
    if (process.platform === 'win32') this.skip()                                   // folders cannot be synced there
    const [a] = await two()
    const spy = await spyOnSync(async (file) => ({ ino: (await file.stat()).ino, named: (await filesIn(dir)).filter((path) => path.endsWith('.env')).length }))
    try {
      await push(a, newChain(1))
    } finally {
      spy.restore()
    }
    const [file] = await filesIn(dir) as [string]
    const inode = async (path: string) => (await stat(path)).ino
    const folders = await Promise.all([dirname(file), dirname(dirname(file)), dirname(dirname(dirname(file))), dir, dirname(dir)].map(inode))
    expect(spy.seen.filter(({ ino, named }) => ino === spy.seen[0]?.ino && named === 0).length).to.equal(1)
    expect(spy.seen.map(({ ino }) => ino)).to.include.members([await inode(file), ...folders])
    expect(spy.seen.filter(({ named }) => named === 1).map(({ ino }) => ino)).to.include(folders[0])
  })

  it('leaves no temporary file behind', async () => {
    const [a] = await two()
    await push(a, newChain(2))
    expect((await filesIn(dir)).filter((path) => !path.endsWith('.env'))).to.deep.equal([])
  })

  it('rejects with MESH_DISK_FAILED while the folder is out of reach, and works once it is back', async () => {
    const [a, b] = await two()
    const made = newChain(1)
    await writeFile(dir, 'a file in its place')
    const failures = await Promise.all([push(a, made), digestSeqs(a), pullSeqs(a, made)].map((call) => call.then(() => 'no error', (error: unknown) => isMeshError(error, 'MESH_DISK_FAILED') && error.message.includes(dir))))
    expect(failures).to.deep.equal([true, true, true])
    await rm(dir)
    await push(a, made)
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [1] })
  })

  it('does not make the folders above the shared one', async () => {
    const link = await shelter.link(join(dir, 'not mounted', 'shared'))
    const error = await digestSeqs(link).catch((cause: unknown) => cause)
    expect(isMeshError(error, 'MESH_DISK_FAILED') && error.message.includes('Mount or create')).to.equal(true)
  })

  it('names the next step when it may not write', async function () {
    if (process.platform === 'win32') this.skip()                                   // no such modes
    const [a] = await two()
    await mkdir(dir, { mode: 0o500 })
    const error = await unprivileged(dirname(dir), () => push(a, newChain(1)).catch((cause: unknown) => cause))
    expect(isMeshError(error, 'MESH_DISK_FAILED') && error.message.includes('file_mode')).to.equal(true)
  })

  it('says failed for the feed that cannot be written and stores the others', async () => {
    const [a, b] = await two()
    const [good, bad] = [newChain(1, { journal: 'good' }), newChain(1, { journal: 'bad' })]
    await push(a, bad)
    const feed = dirname((await filesIn(dir))[0]!)
    await rm(feed, { recursive: true })
    await writeFile(feed, 'a file in its place')
    const { verdicts } = await a.push(bytesOf([...bad, ...good]), never)
    expect(verdicts.map(({ status, reason }) => [status, reason?.includes(feed)])).to.deep.equal([['failed', true], ['stored', undefined]])
    expect(await digestSeqs(b)).to.deep.equal({ 'good/log': [1] })
  })

  it('skips and reports a journal that only another user may read', async function () {
    if (process.platform === 'win32') this.skip()                                   // no such modes
    const { logger, lines } = recordLines()
    const a = await shelter.link(dir, { logger })
    await push(a, newChain(1))
    const journal = dirname(dirname((await filesIn(dir))[0]!))
    await push(a, newChain(1, { journal: 'other' }))
    await chmod(journal, 0)
    const seqs = await unprivileged(dirname(dir), () => digestSeqs(a)).finally(() => chmod(journal, 0o700))
    expect([seqs, lines.length, await digestSeqs(a)]).to.deep.equal([{ 'other/log': [1] }, 1, { 'notes/log': [1], 'other/log': [1] }])
  })

  it('says what the folder has after another deleted from it', async () => {
    const [a] = await two()
    const made = newChain(4)
    await push(a, made.slice(0, 3))
    await rm((await filesIn(dir))[1]!)
    const { have } = await a.push(bytesOf(made.slice(3)), never)
    expect(have.map(({ tips }) => tips.map(({ seq }) => seq))).to.deep.equal([[1]])
  })

  it('writes again what was deleted from the folder', async () => {
    const [a, b] = await two()
    const made = newChain(2)
    await push(a, made)
    await rm(dir, { recursive: true })
    expect(await digestSeqs(a)).to.deep.equal({})
    expect(await push(a, made)).to.deep.equal(['stored', 'stored'])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [2] })
  })

  it('lets two nodes write the same envelopes at once', async () => {
    const [a, b] = await two()
    const made = newChain(40)
    const verdicts = await Promise.all([push(a, made), push(b, made)])
    expect(verdicts.flat().filter((status) => status !== 'stored' && status !== 'duplicate')).to.deep.equal([])
    expect([await digestSeqs(a), await digestSeqs(b), (await filesIn(dir)).length]).to.deep.equal([{ 'notes/log': [40] }, { 'notes/log': [40] }, 40])
  })

  it('rejects with the reason of the signal', async () => {
    const [a] = await two()
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    const late = new AbortController()
    const calls: Promise<unknown>[] = [a.push(bytesOf(newChain(1)), aborted), a.digest({ root: new Uint8Array(32) }, aborted), a.push(bytesOf(newChain(5)), late.signal)]
    late.abort(reason)
    expect(await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))).to.deep.equal([reason, reason, reason])
  })

  it('rejects with MESH_NOT_RUNNING once closed', async () => {
    const [a] = await two()
    await a.close()
    expect(isMeshError(await push(a, newChain(1)).catch((error: unknown) => error), 'MESH_NOT_RUNNING')).to.equal(true)
  })
})
