import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { verifyHome } from '../../../packages/core/src/journal-tools/verify-home.ts'
import { codeOf } from '../../support/failures.ts'
import { Home, meshId } from './journal-fixture.ts'

/** A home with a sealed segment, an open one, a foreign log, a state and something parked. */
async function makeHome (): Promise<Home> {
  const home = await Home.open()
  await using other = await Home.open()
  await using stranger = await Home.open()
  for (const each of [other, stranger]) await each.append(3, 1)
  await home.append(4_160, 64)
  await home.items()
  await home.take(await other.items())
  await home.take((await stranger.items()).slice(1))
  const journal = await home.notes()
  for (let round = 0; round < 3; round++) await journal.change((draft) => { draft.round = round })
  return home
}

const filesOf = async (home: Home) => (await readdir(home.path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
const verify = (home: Home, journal?: string) => verifyHome(home.path, meshId, journal === undefined ? {} : { journal })

describe('verifyHome', () => {
  it('finds nothing wrong in what a node keeps, while it runs and afterwards', async () => {
    await using home = await makeHome()
    const running = await verify(home)
    await home.close()
    const { bytes: _, journals, origins, ...counts } = await verify(home)
    expect({ ...counts, journals: [...journals], origins: origins.size }).to.deep.equal({ envelopes: 65 + 3 + 3, snapshots: 1, entries: 4_163, forks: 0, journals: ['notes'], origins: 2, notes: [] })
    expect(running).to.deep.include({ entries: 4_163, notes: [] })
  })

  it('verifies one journal alone, and says when there is no such', async () => {
    await using home = await makeHome()
    await (await home.journals.get('other')).append([{ body: 1 }])
    const names = async (journal?: string) => [...(await verify(home, journal)).journals]
    expect([await names('other'), await names('notes'), await names(), await codeOf(() => verify(home, 'none'))]).to.deep.equal([['other'], ['notes'], ['notes', 'other'], 'MESH_REQUEST_INVALID'])
  })

  it('finds a turned bit in every file, and names the file', async () => {
    await using home = await makeHome()
    await home.close()
    for (const path of await filesOf(home)) {
      const whole = await readFile(path)
      for (let at = 10; at < whole.length; at += Math.ceil(whole.length / 12)) {
        const altered = Buffer.from(whole)
        altered[at] = (altered[at] ?? 0) ^ 1
        await writeFile(path, altered)
        const { bad, notes } = await verify(home)
        expect([bad === undefined ? '' : basename(bad.file), notes.join()].join(' '), `${path} ${at}`).to.include(basename(path))
      }
      await writeFile(path, whole)
    }
    expect((await verify(home)).notes).to.deep.equal([])
  })

  it('tells the part of a record that a crash leaves from damage, in whatever file', async () => {
    await using home = await makeHome()
    await home.close()
    for (const path of (await filesOf(home)).filter((each) => !each.endsWith('.snap') && !each.endsWith('.index'))) {
      const whole = await readFile(path)
      await truncate(path, whole.length - 5)
      const { bad, notes } = await verify(home)
      expect([bad, notes.length, notes[0]?.startsWith(`${basename(path)} ends with part of a record`)]).to.deep.equal([undefined, 1, true])
      const altered = Buffer.from(whole)
      altered[40] = (altered[40] ?? 0) ^ 1
      await writeFile(path, altered)
      if (path.endsWith('.state')) expect((await verify(home)).bad, path).to.deep.include({ file: path, record: 0 })
      await writeFile(path, whole)
    }
  })

  it('finds that files of a segment, or the segment before, are missing', async () => {
    await using home = await makeHome()
    await home.close()
    const logs = (await filesOf(home)).filter((path) => path.includes(home.logFolder) && /\.(log|snap)$/.test(path)).sort()
    const first = logs.filter((path) => basename(path).startsWith('000000'))
    const last = logs.filter((path) => basename(path).startsWith('000001'))
    const found = []
    for (const paths of [first, last]) {
      const kept = await Promise.all(paths.map((path) => readFile(path)))
      for (const path of paths) await rm(path)
      const { bad } = await verify(home)
      found.push([basename(bad?.file ?? ''), bad?.reason])
      for (const [index, path] of paths.entries()) await writeFile(path, kept[index] ?? '')
    }
    expect(found).to.deep.equal([0, 1].map((number) => ['segments.index', `the files of segment ${number}, which it lists, are missing`]))
  })

  it('finds what is whole and stands in the wrong place', async () => {
    await using home = await makeHome()
    await using other = await Home.open()
    await (await other.notes()).change((draft) => { draft.x = 1 })
    await Promise.all([home, other].map((each) => each.close()))
    await writeFile(home.file(`${home.logFolder}.state`), await readFile(other.file(`${other.logFolder}.state`)))
    const { bad } = await verify(home)
    expect([basename(bad?.file ?? ''), bad?.record, bad?.reason.startsWith(`it belongs to notes/state/${other.identity.did}`)]).to.deep.equal([`${home.logFolder}.state`, 0, true])
  })

  it('writes nothing', async () => {
    await using home = await makeHome()
    await home.close()
    const look = async () => Promise.all((await filesOf(home)).map(async (path) => [path, (await stat(path)).mtimeMs, (await readFile(path)).toString('latin1')]))
    const before = await look()
    await verify(home)
    expect(await look()).to.deep.equal(before)
  })
})
