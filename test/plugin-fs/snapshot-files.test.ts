import { randomBytes } from 'node:crypto'
import { chmod, copyFile, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createIdentity, maxEnvelopeBytes, maxItemBytes, type Link } from '@akshi/core'
import { expect } from 'chai'
import { chain, digestSeqs, filesIn, HandClock, HintRecorder, never, newChain, pullBrief, push, recordLines, Shelter, snapshotOf, spyOnSync, tipOf } from './support.ts'
import { unprivileged } from '../support/unprivileged.ts'

const perSegment = 4

describe('Snapshots in the shared folder', () => {
  const shelter = new Shelter()
  let dir: string
  beforeEach(async () => { dir = await shelter.folder() })
  afterEach(() => shelter.close())

  const pushItems = async (link: Link, items: readonly Uint8Array[]) => (await link.push(items, never)).verdicts.map(({ status }) => status)
  /** Files of the one feed in the folder: numbers of envelopes, and those of proofs behind an `s`. */
  const brief = async () => (await filesIn(dir)).map((path) => basename(path)).sort((a, b) => parseInt(a) - parseInt(b) || (a.endsWith('.env') ? -1 : 1))
    .map((name) => `${name.endsWith('.snap') ? 's' : ''}${parseInt(name)}`).join(' ')

  it('are carried byte for byte, in a file named after the proof', async () => {
    const [a, b] = [await shelter.link(dir), await shelter.link(dir)]
    const made = newChain(6, { perSegment })
    const snapshot = snapshotOf(made[3])
    const { verdicts, have } = await a.push([snapshot, ...made.slice(4).map(({ bytes }) => bytes)], never)
    const pulled = []
    for await (const bytes of b.pull(have.map(({ feed }) => ({ feed, have: [] })), { limit: 1 }, never)) pulled.push(Buffer.from(bytes))
    const [file] = await filesIn(dir) as [string]
    expect([verdicts.length, have[0]?.tips, pulled, await readFile(file), basename(file)]).to.deep.equal([
      3, [tipOf(made[5]!)], [Buffer.from(snapshot)], Buffer.from(snapshot), `000000000004-${Buffer.from(made[3]!.id).toString('hex', 0, 16)}.snap`
    ])
    expect(await digestSeqs(b)).to.deep.equal({ 'notes/log': [6] })
  })

  it('are pulled from the newest when asked, at most the limit, and not if they are to be skipped', async () => {
    const [a, b] = [await shelter.link(dir), await shelter.link(dir)]
    const made = newChain(14, { perSegment })
    await pushItems(a, [3, 7, 11].map((index) => snapshotOf(made[index])).concat(made.slice(12).map(({ bytes }) => bytes)))
    expect([
      await pullBrief(b, made), await pullBrief(b, made, {}, { newestFirst: true, limit: 2 }), await pullBrief(b, made, { skip: [tipOf(made[11]!)] }, { newestFirst: true }),
      await pullBrief(b, made, { have: [tipOf(made[12]!)] })
    ]).to.deep.equal(['s4 s8 s12 13 14', 's12 s8', 's8 s4 13 14', '14'])
  })

  it('are duplicates if they have the same bytes, and are put right if not', async () => {
    const [a, b] = [await shelter.link(dir), await shelter.link(dir)]
    const [proof] = newChain(1)
    const pushed = [await pushItems(a, [snapshotOf(proof)]), await pushItems(b, [snapshotOf(proof)]), await pushItems(b, [snapshotOf(proof, 'packed otherwise')])]
    const [file] = await filesIn(dir) as [string]
    expect([pushed.flat(), await readFile(file)]).to.deep.equal([['stored', 'duplicate', 'stored'], Buffer.from(snapshotOf(proof, 'packed otherwise'))])
  })

  it('stand beside the envelopes of a log only', async () => {
    const [proof] = newChain(1)
    const altered = snapshotOf(proof)
    altered[5] = 0x84                                   // a list of four
    expect(await pushItems(await shelter.link(dir), [altered])).to.deep.equal(['refused'])
  })

  const damages: readonly { what: string, reason: string, damage: (file: string, other: string, proof: Uint8Array) => Promise<void> }[] = [
    { what: 'another snapshot of the feed', reason: 'belongs elsewhere', damage: (file, other) => copyFile(other, file) },
    { what: 'its proof alone', reason: 'belongs elsewhere', damage: (file, _other, proof) => writeFile(file, proof) },
    { what: 'other bytes', reason: 'tagged COSE_Sign1', damage: (file) => writeFile(file, 'squatted') },
    { what: 'half of it', reason: 'cut short', damage: (file) => truncate(file, 100) },
    { what: 'more than a snapshot may have', reason: 'more than a snapshot may have', damage: (file) => truncate(file, maxItemBytes + 1) },
    { what: 'something behind it', reason: 'follow it', damage: async (file) => writeFile(file, '!', { flag: 'a' }) },
    {
      what: 'a proof with an altered signature',
      reason: 'signature of its proof',
      damage: async (file) => {
        const bytes = await readFile(file)
        bytes[bytes.indexOf(Buffer.from([0x58, 0x40])) + 10]! ^= 1
        await writeFile(file, bytes)
      }
    },
    {
      what: 'a link to the right content',
      reason: 'not a regular file',
      damage: async (file) => {
        await rename(file, join(dir, '..', 'outside.snap'))
        await symlink(join(dir, '..', 'outside.snap'), file)
      }
    }
  ]

  for (const { what, reason, damage } of damages) {
    it(`are skipped in a file that holds ${what}, which is reported once and put right by a writer`, async () => {
      const { logger, lines } = recordLines()
      const [writer, reader] = [await shelter.link(dir), await shelter.link(dir, { logger })]
      const made = newChain(9, { perSegment })
      const items = [snapshotOf(made[3]), snapshotOf(made[7]), made[8]!.bytes]
      await pushItems(writer, items)
      const [first, second] = await filesIn(dir) as [string, string]
      await damage(second, first, made[7]!.bytes)
      expect([await digestSeqs(reader), await digestSeqs(reader), await pullBrief(reader, made)]).to.deep.equal([{ 'notes/log': [4] }, { 'notes/log': [4] }, 's4 9'])
      expect([lines.map((line) => (JSON.parse(line) as { path: string }).path), lines[0]?.includes(reason)]).to.deep.equal([[second], true])
      expect(await pushItems(writer, items)).to.deep.equal(['duplicate', 'stored', 'duplicate'])
      expect([await digestSeqs(reader), await pullBrief(reader, made)]).to.deep.equal([{ 'notes/log': [9] }, 's4 s8 9'])
    })
  }

  describe('of a segment that is sealed', () => {
    const alice = createIdentity()
    const made = chain(alice, 6, { perSegment })
    const snapshot = snapshotOf(made[3])

    it('take the place of the envelopes that their origin has filed', async () => {
      const [a, b] = [await shelter.link(dir, { own: alice.did }), await shelter.link(dir)]
      await push(a, made.slice(0, 4))
      await pushItems(a, [snapshot])
      const open = await brief()
      await push(a, made.slice(4))
      expect([open, await brief(), await digestSeqs(a), await digestSeqs(b), await pullBrief(b, made)])
        .to.deep.equal(['1 2 3 4 s4', 's4 5 6', { 'notes/log': [6] }, { 'notes/log': [6] }, 's4 5 6'])
      expect([await push(a, made.slice(4)), await brief()]).to.deep.equal([['duplicate', 'duplicate'], 's4 5 6'])
    })

    it('are cleaned up after by a later run of their origin too, once it has them itself', async () => {
      await push(await shelter.link(dir, { own: alice.did }), made)
      await pushItems(await shelter.link(dir), [snapshot])
      const later = await shelter.link(dir, { own: alice.did })
      await push(later, made.slice(5))
      const before = await brief()
      expect([before, await pushItems(later, [snapshot]), await brief()]).to.deep.equal(['1 2 3 4 s4 5 6', ['duplicate'], 's4 5 6'])
    })

    it('are cleaned up after by nobody else, and in no other part or journal', async () => {
      const link = await shelter.link(dir, { own: createIdentity().did })
      await push(link, made)
      await pushItems(link, [snapshot])
      expect(await brief()).to.equal('1 2 3 4 s4 5 6')
      const own = await shelter.link(dir, { own: alice.did })
      const others = [chain(alice, 2, { part: 'state' }), chain(alice, 2, { journal: 'other' })].flat()
      await push(own, others)
      await pushItems(own, [snapshot])
      expect([await brief(), await digestSeqs(own)]).to.deep.equal(['1 1 2 2 s4 5 6', { 'notes/log': [6], 'notes/state': [2], 'other/log': [2] }])
    })

    it('leave the other side of a fork as it is', async () => {
      const a = await shelter.link(dir, { own: alice.did })
      const fork = chain(alice, 2, { perSegment, after: made[1]!, salt: 'other side' })
      await push(a, [...made, ...fork])
      await pushItems(a, [snapshot])
      expect([await brief(), await digestSeqs(a), await pullBrief(a, made, { have: [tipOf(made[5]!)] })]).to.deep.equal(['3 4 s4 5 6', { 'notes/log': [4, 6] }, '3 4'])
    })

    it('are durable before anything is deleted', async function () {
      if (process.platform === 'win32') this.skip()                                 // folders cannot be synced there
      const a = await shelter.link(dir, { own: alice.did })
      await push(a, made)
      const feed = dirname((await filesIn(dir))[0]!)
      const spy = await spyOnSync(async (file) => ({ ino: (await file.stat()).ino, files: await brief() }))
      try {
        await pushItems(a, [snapshot])
      } finally {
        spy.restore()
      }
      const { ino } = await stat(feed)
      expect([spy.seen.filter((each) => each.ino === ino).map(({ files }) => files), await brief()]).to.deep.equal([['1 2 3 4 s4 5 6'], 's4 5 6'])
    })

    it('are stored though nothing can be deleted, which is reported', async function () {
      if (process.platform === 'win32') this.skip()                                 // no such modes
      const { logger, lines } = recordLines()
      await push(await shelter.link(dir), made)
      await pushItems(await shelter.link(dir), [snapshot])
      const feed = dirname((await filesIn(dir))[0]!)
      const a = await shelter.link(dir, { own: alice.did, logger })
      await chmod(feed, 0o500)
      const verdicts = await unprivileged(dirname(dir), () => pushItems(a, [snapshot])).finally(() => chmod(feed, 0o700))
      expect([verdicts, lines.length, lines[0]?.includes('EACCES'), await brief()]).to.deep.equal([['duplicate'], 1, true, '1 2 3 4 s4 5 6'])
    })

    it('make no news of what they replace to the node that deletes it', async () => {
      const [clock, receiver] = [new HandClock(), new HintRecorder()]
      const transport = shelter.transport(dir, { clock, own: alice.did, watch: () => { throw new Error('no watches left') } })
      await transport.start(receiver, never)
      await clock.fire()
      const link = await transport.connect({ kind: 'shared' }, never)
      await push(link, made)
      await pushItems(link, [snapshot])
      await clock.fire()
      expect([receiver.hints, await brief()]).to.deep.equal([[], 's4 5 6'])
    })
  })

  it('may be larger than any envelope', async () => {
    const [proof] = newChain(1)
    const [a, b] = [await shelter.link(dir), await shelter.link(dir)]
    const large = snapshotOf(proof, randomBytes(2_500_000).toString('hex'))
    const verdicts = await pushItems(a, [large])
    expect([large.length > maxEnvelopeBytes, verdicts, await digestSeqs(b), await pullBrief(b, [proof!])]).to.deep.equal([true, ['stored'], { 'notes/log': [1] }, 's1'])
  })
})
