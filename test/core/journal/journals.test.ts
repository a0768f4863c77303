import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import type { Journals } from '../../../packages/core/src/journal/journals.ts'
import { codeOf } from '../../support/failures.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { envelopesOf, makeOwner, makeOwners, type Owner } from './journal-fixture.ts'

const names = (journals: Journals) => journals.all().map(({ name }) => name)
const fileOf = ({ folder, identity }: Owner, journal = 'notes', origin = identity.did) => folder.join('journals', journal, `${origin.slice('did:key:'.length)}.feed`)

async function flip (path: string, fromEnd: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length - fromEnd] = (bytes[bytes.length - fromEnd] ?? 0) ^ 1
  await writeFile(path, bytes)
}

describe('Journals', () => {
  it('have after they were reopened what they had before, and write on in the same order', async () => {
    await using owner = await makeOwner()
    const before = await owner.open()
    await before.get('notes').append([{ body: 1 }, { body: 2 }])
    await before.get('b.2_x-').append([{ body: 3 }])
    const states = before.states()
    owner.clock.setNow(owner.clock.now() - 30_000)
    const after = await owner.open()
    expect([names(after), after.states()]).to.deep.equal([['b.2_x-', 'notes'], states])
    await after.get('notes').append([{ body: 4 }])
    const { entries } = after.get('notes').read()
    expect(entries.map(({ body }) => body)).to.deep.equal([1, 2, 4])
    expect(entries.map(({ id }) => id)).to.deep.equal(entries.map(({ id }) => id).sort())
  })

  it('are kept as one file a journal and origin', async () => {
    await using owners = await makeOwners(2)
    const [one, two] = owners as unknown as [Owner, Owner]
    const [mine, theirs] = [await one.open(), await two.open()]
    await mine.get('notes').append([{ body: 1 }])
    await theirs.get('notes').append([{ body: 2 }])
    await mine.get('notes').accept(two.identity.did, theirs.feeds().flatMap(envelopesOf))
    expect((await readdir(one.folder.join('journals'), { recursive: true })).sort()).to.deep.equal(
      ['notes', ...[one, two].map(({ identity: { did } }) => `notes/${did.slice('did:key:'.length)}.feed`)].sort())
  })

  it('ignore files and folders that are not theirs', async () => {
    await using owner = await makeOwner()
    await (await owner.open()).get('notes').append([{ body: 1 }])
    const folder = owner.folder.join('journals')
    await writeFile(`${folder}/notes/readme.txt`, '')
    await writeFile(`${folder}/notes/z6MkWrong.feed`, '')
    await writeFile(`${fileOf(owner)}.damaged`, '')
    await writeFile(`${folder}/file`, '')
    await mkdir(`${folder}/.Not A Journal`)
    const journals = await owner.open()
    expect(journals.feeds().map(({ id }) => id)).to.deep.equal([{ journal: 'notes', part: 'log', origin: owner.identity.did }])
  })

  it('do not start on an own feed that is damaged, but do the next time, with what is good', async () => {
    await using owner = await makeOwner()
    const journals = await owner.open()
    for (const body of [1, 2, 3]) await journals.get('notes').append([{ body }])
    await journals.close()
    await flip(fileOf(owner), 500)
    expect(await codeOf(() => owner.open())).to.equal('MESH_DISK_FAILED')
    const again = await owner.open()
    const left = again.get('notes').read().entries.length
    expect([left < 3, (await readdir(owner.folder.join('journals', 'notes'))).some((name) => name.endsWith('.damaged'))]).to.deep.equal([true, true])
  })

  it('start on a damaged feed of another node, say so, and take the rest again', async () => {
    await using owners = await makeOwners(2)
    const [one, two] = owners as unknown as [Owner, Owner]
    const theirs = await two.open()
    for (const body of [1, 2, 3]) await theirs.get('notes').append([{ body }])
    const envelopes = theirs.feeds().flatMap(envelopesOf)
    await (await one.open()).get('notes').accept(two.identity.did, envelopes)
    await flip(fileOf(one, 'notes', two.identity.did), 500)
    const { logger, lines } = lineLogger()
    const journals = await one.open(logger)
    expect(lines).to.deep.equal(['warn a feed was damaged on disk: the good part is kept, peers will send the rest again'])
    await journals.get('notes').accept(two.identity.did, envelopes)
    expect(journals.states()).to.deep.equal(theirs.states())
  })

  it('start after a torn tail, even of their own, and say so', async () => {
    await using owner = await makeOwner()
    const journals = await owner.open()
    for (const body of [1, 2]) await journals.get('notes').append([{ body }])
    const bytes = await readFile(fileOf(owner))
    await journals.close()
    await writeFile(fileOf(owner), bytes.subarray(0, -1))
    const { logger, lines } = lineLogger()
    expect([(await owner.open(logger)).get('notes').read().entries.map(({ body }) => body), lines]).to.deep.equal([[1], ['info cut a record that a crash left unfinished']])
  })

  it('do not start on files that a newer version wrote', async () => {
    await using owner = await makeOwner()
    const journals = await owner.open()
    await journals.get('notes').append([{ body: 1 }])
    const bytes = await readFile(fileOf(owner))
    bytes[9] = 2
    await writeFile(fileOf(owner), bytes)
    await journals.close()
    expect(await codeOf(() => owner.open())).to.equal('MESH_FORMAT_NEWER')
    await rename(fileOf(owner), `${fileOf(owner)}.newer`)
    await copyFile(`${fileOf(owner)}.newer`, `${fileOf(owner)}.copy`)
    expect(names(await owner.open())).to.deep.equal([])
  })

  it('tell listeners of each feed that has something new on disk, until they have heard enough', async () => {
    await using owners = await makeOwners(2)
    const [one, two] = owners as unknown as [Owner, Owner]
    const [mine, theirs] = [await one.open(), await two.open()]
    await theirs.get('notes').append([{ body: 1 }])
    const envelopes = theirs.feeds().flatMap(envelopesOf)
    const heard: [string, number | undefined][] = []
    const stop = mine.onChange(({ id, tip }) => heard.push([id.origin, tip?.seq]))
    await mine.get('notes').append([{ body: 1 }])
    await mine.get('notes').accept(two.identity.did, envelopes)
    await mine.get('notes').accept(two.identity.did, envelopes)
    stop()
    await mine.get('notes').append([{ body: 2 }])
    expect(heard).to.deep.equal([[one.identity.did, 1], [two.identity.did, 1]])
  })

  it('list the feeds that hold something, of the journals that are asked for', async () => {
    await using owner = await makeOwner()
    const journals = await owner.open()
    for (const name of ['a', 'b']) await journals.get(name).append([{ body: 1 }])
    await journals.get('empty').feed(owner.identity.did)
    const origin = owner.identity.did
    expect([names(journals), journals.states().map(({ feed }) => feed.journal), journals.states((name) => name === 'b').map(({ feed }) => feed.journal)]).to.deep.equal([['a', 'b', 'empty'], ['a', 'b'], ['b']])
    expect([journals.feed({ journal: 'a', part: 'log', origin })?.count, journals.feed({ journal: 'a', part: 'state', origin }), journals.feed({ journal: 'c', part: 'log', origin }), journals.find('c')]).to.deep.equal([1, undefined, undefined, undefined])
  })

  it('have names that are no paths', async () => {
    await using owner = await makeOwner()
    const journals = await owner.open()
    for (const name of ['', '.', '..', 'a/b', 'A', '-a', 'é', 'a'.repeat(65), 'a\n']) expect(await codeOf(() => journals.get(name)), name).to.equal('MESH_JOURNAL_NAME_INVALID')
  })
})
