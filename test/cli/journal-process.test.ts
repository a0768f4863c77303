import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { CommandProcess } from './support/process.ts'

/** A node as a process of its own, which meets nobody. */
async function startNode (folder: Folder, name: string): Promise<CommandProcess> {
  await folder.akshi(['init', '--home', name, '--name', name])
  await writeFile(join(folder.path, name, 'runtime.toml'), `[node]\nname = "${name}"\n[dashboard]\nbind = "127.0.0.1"\nport = 0\n[[plugins]]\npackage = "@akshi/plugin-http"\n`)
  const node = new CommandProcess(['run', '--home', join(folder.path, name)], folder.path)
  await node.prints('is running')
  return node
}

describe('journals of running nodes', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  const run = async (...argv: string[]) => {
    const { code, stdout, stderr } = await folder.akshi(argv)
    expect({ argv, code, stderr }).to.deep.equal({ argv, code: 0, stderr: '' })
    return stdout
  }
  const read = async (name: string) => ((JSON.parse(await run('journal', 'read', 'notes', '--home', name, '--json')) as { entries: { body: unknown }[] }).entries).map(({ body }) => body)

  it('are carried in a file, and wait for trust in who wrote them', async () => {
    await using alpha = await startNode(folder, 'alpha')
    await using beta = await startNode(folder, 'beta')
    const { did } = JSON.parse(await run('id', '--home', 'alpha', '--json')) as { did: string }
    for (const text of ['one', 'two']) await run('journal', 'append', 'notes', text, '--home', 'alpha')
    await run('journal', 'set', 'notes', '{"mood":"good"}', '--home', 'alpha')
    expect(await run('journal', 'export', 'notes', '--home', 'alpha')).to.include('exported notes: 3 items')
    expect(await run('journal', 'verify', './notes.akshi-journal')).to.include('1 origin, 3 envelopes, 0 snapshots, 2 entries: all good')
    expect(await run('journal', 'import', 'notes.akshi-journal', '--home', 'beta')).to.include('0 are new').and.include('3 untrusted')
    expect(await run('journal', 'verify', '--home', 'beta')).to.include('all good')
    await run('trust', did, '--home', 'beta')
    expect(await run('journal', 'import', 'notes.akshi-journal', '--home', 'beta')).to.include('3 were here').and.include('0 are new')
    expect([await read('beta'), JSON.parse(await run('journal', 'state', 'notes', '--home', 'beta'))]).to.deep.equal([['one', 'two'], { mood: 'good' }])
    expect(await run('journal', 'stats', 'notes', '--home', 'beta')).to.include('2 entries')
    for (const node of [alpha, beta]) {
      node.child.kill('SIGTERM')
      expect(await node.ends()).to.equal(0)
    }
  })

  it('keep what was written before trust was withdrawn, and set aside what comes later', async () => {
    await using alpha = await startNode(folder, 'alpha')
    await using beta = await startNode(folder, 'beta')
    const { did } = JSON.parse(await run('id', '--home', 'alpha', '--json')) as { did: string }
    await run('trust', did, '--home', 'beta')
    const carry = async (text: string) => {
      await run('journal', 'append', 'notes', text, '--home', 'alpha')
      await run('journal', 'export', 'notes', '--home', 'alpha')
      await run('journal', 'import', 'notes.akshi-journal', '--home', 'beta')
    }
    await carry('before')
    await run('untrust', did, '--home', 'beta')
    await carry('after')
    expect(await read('beta')).to.deep.equal(['before'])
    await run('trust', did, '--home', 'beta')
    await run('journal', 'import', 'notes.akshi-journal', '--home', 'beta')
    expect(await read('beta')).to.deep.equal(['before', 'after'])
    for (const node of [alpha, beta]) node.child.kill('SIGKILL')
  })

  it('are followed until Ctrl-C, which is no failure', async () => {
    await using node = await startNode(folder, 'alpha')
    await run('journal', 'append', 'notes', 'long ago', '--home', 'alpha')
    const { cursor } = JSON.parse(await run('journal', 'read', 'notes', '--home', 'alpha', '--json', '--limit', '0')) as { cursor: string }
    await using tail = new CommandProcess(['journal', 'tail', 'notes', '--home', join(folder.path, 'alpha'), '--since', cursor], folder.path)
    await tail.prints('long ago')
    await run('journal', 'append', 'notes', 'just now', '--home', 'alpha')
    await tail.prints('just now')
    tail.child.kill('SIGINT')
    expect([await tail.ends(), tail.stderr]).to.deep.equal([0, ''])
    node.child.kill('SIGKILL')
  })
})
