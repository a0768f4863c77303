import { expect } from 'chai'
import { FaultyDisk } from '@akshi/testkit'
import { codeOf } from '../../support/failures.ts'
import type { Shelf } from '../sync/journal-shelf.ts'
import { arrivalsOf, bodiesOf, Owner } from './journal-fixture.ts'
import { crc32c } from '../../../packages/core/src/storage/crc32c.ts'

const names = ({ journals }: Shelf) => journals.all().map(({ name }) => name)
const folderOf = ({ identity: { did } }: Owner) => `/home/journals/notes/${did.slice('did:key:'.length)}`

describe('Journals', () => {
  it('have after they were reopened what they had before, and write on in the same order', async () => {
    await using owner = new Owner()
    const { journals } = await owner.open()
    await (await journals.get('notes')).append([{ body: 1 }, { body: 2 }])
    await (await journals.get('b.2_x-')).append([{ body: 3 }])
    const states = journals.states()
    owner.clock.setNow(owner.clock.now() - 30_000)
    const after = await owner.open()
    expect([names(after), after.journals.states()]).to.deep.equal([['b.2_x-', 'notes'], states])
    const notes = await after.journals.get('notes')
    await notes.append([{ body: 4 }])
    const { entries } = await notes.read()
    expect(entries.map(({ body }) => body)).to.deep.equal([1, 2, 4])
    expect(entries.map(({ id }) => id)).to.deep.equal(entries.map(({ id }) => id).toSorted())
  })

  it('are kept as one folder a journal, with a folder for the log of each origin', async () => {
    const [one, two] = [new Owner(), new Owner()]
    const [mine, theirs] = [await one.notes(), await two.notes()]
    await mine.append([{ body: 1 }])
    await theirs.append([{ body: 2 }])
    await mine.accept(await arrivalsOf(theirs))
    const folders = new Set(one.disk.paths().filter((path) => path.endsWith('.log')).map((path) => path.slice(0, path.lastIndexOf('/'))))
    expect([...folders].sort()).to.deep.equal([folderOf(one), folderOf(two)].sort())
  })

  it('ignore files and folders that are not theirs', async () => {
    await using owner = new Owner()
    await (await owner.notes()).append([{ body: 1 }])
    await owner.close()
    for (const path of ['notes/readme.txt', 'notes/z6MkWrong/000000-0000000000000000.log', '.Not A Journal/file', 'file']) owner.disk.place(`/home/journals/${path}`, new Uint8Array(0))
    owner.disk.place(`${folderOf(owner)}/000000-0000000000000000.log.damaged`, new Uint8Array(3))
    const { journals, damages } = await owner.open()
    expect([journals.feeds().map(({ id }) => id), damages]).to.deep.equal([[{ journal: 'notes', part: 'log', origin: owner.identity.did }], []])
  })

  it('start on a damaged log, say so, write on, and take the rest again from others', async () => {
    const [one, two] = [new Owner(), new Owner()]
    const mine = await one.notes()
    for (const body of [1, 2, 3]) await mine.append([{ body }])
    const theirs = await two.notes()
    await theirs.accept(await arrivalsOf(mine))
    await one.close()
    one.disk.flip(one.disk.paths().find((path) => path.endsWith('.log')) ?? '', 700, 0)
    const { journals, damages } = await one.open()
    const after = await journals.get('notes')
    const left = await bodiesOf(after)
    expect([left.length < 3, damages.length, left]).to.deep.equal([true, 1, [1, 2, 3].slice(0, left.length)])
    one.clock.setNow(one.clock.now() + 1)
    await after.append([{ body: 4 }])
    await after.accept(await arrivalsOf(theirs))
    await theirs.accept(await arrivalsOf(after))
    expect([await bodiesOf(after), await bodiesOf(theirs)]).to.deep.equal([[1, 2, 3, 4], [1, 2, 3, 4]])
  })

  it('do not start on files that a newer version wrote, and leave them as they are', async () => {
    await using owner = new Owner()
    await (await owner.notes()).append([{ body: 1 }])
    await owner.close()
    for (const path of owner.disk.paths().filter((each) => each.startsWith(folderOf(owner)))) {
      const disk = owner.disk.afterKill()
      const newer = disk.contentOf(path)
      newer[8] = 2
      newer.writeUInt32BE(crc32c(newer.subarray(0, 9)), 9)
      disk.place(path, newer)
      expect([await codeOf(() => new Owner(disk, owner.identity).open()), disk.contentOf(path)], path).to.deep.equal(['MESH_FORMAT_NEWER', newer])
    }
  })

  it('tell listeners of each feed that has something new on disk, until they have heard enough', async () => {
    const [one, two] = [new Owner(), new Owner()]
    const { journals } = await one.open()
    const mine = await journals.get('notes')
    const theirs = await two.notes()
    await theirs.append([{ body: 1 }])
    const arrivals = await arrivalsOf(theirs)
    const heard: [string, number | undefined][] = []
    const stop = journals.onChange(({ id, state }) => heard.push([id.origin, state.tips[0]?.seq]))
    await mine.append([{ body: 1 }])
    await mine.accept(arrivals)
    await mine.accept(arrivals)
    stop()
    await mine.append([{ body: 2 }])
    expect(heard).to.deep.equal([[one.identity.did, 1], [two.identity.did, 1]])
  })

  it('list the feeds that hold something, of the journals that are asked for', async () => {
    await using owner = new Owner()
    const { journals } = await owner.open()
    for (const name of ['a', 'b']) await (await journals.get(name)).append([{ body: 1 }])
    await (await journals.get('empty')).log(owner.identity.did)
    const origin = owner.identity.did
    expect([names({ journals } as Shelf), journals.states().map(({ feed }) => feed.journal), journals.states((name) => name === 'b').map(({ feed }) => feed.journal)]).to.deep.equal([['a', 'b', 'empty'], ['a', 'b'], ['b']])
    expect([journals.feed({ journal: 'a', part: 'log', origin })?.state.tips.length, journals.feed({ journal: 'a', part: 'state', origin }), journals.feed({ journal: 'c', part: 'log', origin }), journals.find('c')]).to.deep.equal([1, undefined, undefined, undefined])
  })

  it('have names that are no paths', async () => {
    await using owner = new Owner()
    const { journals } = await owner.open()
    for (const name of ['', '.', '..', 'a/b', 'A', '-a', 'é', 'a'.repeat(65), 'a\n']) expect(await codeOf(() => journals.get(name)), name).to.equal('MESH_JOURNAL_NAME_INVALID')
  })

  it('say so when the disk does not let them open', async () => {
    const disk = new FaultyDisk()
    disk.failAt(1, 'EACCES', 1000)
    expect(await codeOf(() => new Owner(disk).open())).to.equal('MESH_DISK_FAILED')
  })
})
