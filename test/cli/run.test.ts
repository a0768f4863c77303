import { exec } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { command, CommandProcess } from './support/process.ts'

describe('akshi run', () => {
  let folder: Folder
  const file = () => join(folder.path, '.akshi', 'runtime.toml')
  beforeEach(async () => {
    folder = await Folder.create()
    await folder.akshi(['init', '--name', 'alpha'])
    await writeFile(file(), '[node]\nname = "alpha"\n[dashboard]\nbind = "127.0.0.1"\nport = 0\n[[plugins]]\npackage = "@akshi/plugin-http"\n')
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const start = async (...argv: string[]) => {
    const node = new CommandProcess(['run', ...argv], folder.path)
    await node.prints('is running')
    return node
  }

  it('runs a node that the other commands find, and stops cleanly at SIGTERM', async () => {
    await using node = await start()
    const append = await folder.akshi(['journal', 'append', 'notes', 'hello'])
    const read = await folder.akshi(['journal', 'read', 'notes'])
    expect({ append: append.code, read: read.code, text: read.stdout.trimEnd().split('  ').slice(1) }).to.deep.equal({ append: 0, read: 0, text: ['alpha', 'note', 'hello'] })
    const { name } = JSON.parse((await folder.akshi(['status', '--json'])).stdout) as { name: string }
    expect(name).to.equal('alpha')
    node.child.kill('SIGTERM')
    expect(await node.ends()).to.equal(0)
    const { code, stderr } = await folder.akshi(['status'])
    expect([code, stderr]).to.deep.equal([4, `akshi: No node answers: none is running in ${join(folder.path, '.akshi')}. Start it: akshi run (MESH_NOT_RUNNING)\n`])
  })

  it('takes options over the file, and announces itself as one JSON document', async () => {
    await using node = new CommandProcess(['run', '--json', '--trust', 'open', '--log-format', 'json', '--log-level', 'debug'], folder.path)
    await node.prints('\n')
    const { url } = JSON.parse(node.stdout) as { url: string }
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
    const { mesh } = JSON.parse((await folder.akshi(['status', '--json'])).stdout) as { mesh: { trust: string } }
    expect(mesh.trust).to.equal('open')
    node.child.kill('SIGINT')
    expect(await node.ends()).to.equal(0)
  })

  it('says that it has no local API, and so do the commands that would ask it', async () => {
    await writeFile(file(), 'plugins = []\n[node]\nname = "alpha"\n')
    await using node = await start()
    expect(node.stdout).to.include('local  none: no plugin gives this node a local API').and.not.include('next')
    const [status, doctor] = [await folder.akshi(['status']), await folder.akshi(['doctor'])]
    expect([status.code, status.stderr.includes(`runs (process ${node.child.pid}), but nothing can be asked of it`)]).to.deep.equal([4, true])
    expect([doctor.stdout.includes(`running (pid ${node.child.pid})`), doctor.stdout.includes('it runs without a local API')]).to.deep.equal([true, true])
    node.child.kill('SIGTERM')
    expect(await node.ends()).to.equal(0)
    expect((await folder.akshi(['status'])).stderr).to.include('No node answers')
  })

  it('keeps everything that was acknowledged when it is killed', async () => {
    await using node = await start()
    await folder.akshi(['journal', 'append', 'notes', 'safe'])
    node.child.kill('SIGKILL')
    await node.ends()
    await using again = await start()
    expect((await folder.akshi(['journal', 'read', 'notes'])).stdout).to.include('safe')
    again.child.kill('SIGTERM')
    expect(await again.ends()).to.equal(0)
  })

  it('refuses a port, a home and a configuration that it cannot use, each with its code', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const refused = async (...argv: string[]) => {
      await using node = new CommandProcess(['run', ...argv], folder.path)
      const code = await node.ends()
      return [code, /\((MESH_\w+)\)\n$/.exec(node.stderr)?.[1], node.stdout]
    }
    expect(await refused('--port', String(port))).to.deep.equal([8, 'MESH_PORT_IN_USE', ''])
    taken.close()
    expect(await refused('--home', 'never-made')).to.deep.equal([7, 'MESH_KEY_MISSING', ''])
    await appendFile(file(), 'config = { nonsense = 1 }\n')
    expect(await refused()).to.deep.equal([3, 'MESH_CONFIG_INVALID', ''])
    await writeFile(file(), '[[plugins]]\npackage = "./none.mjs"\n')
    expect(await refused()).to.deep.equal([6, 'MESH_PLUGIN_NOT_FOUND', ''])
  })

  it('refuses a home that a running node holds', async () => {
    await using node = await start()
    await using second = new CommandProcess(['run', '--port', '0'], folder.path)
    expect(await second.ends()).to.equal(7)
    expect(second.stderr).to.include(`process ${node.child.pid}`).and.include('(MESH_HOME_LOCKED)')
  })

  it('names the required plugin that failed, and leaves nothing running', async () => {
    await writeFile(join(folder.path, '.akshi', 'bad.mjs'), `import { definePlugin, NoConfig } from '${new URL('../../packages/core/dist/index.js', import.meta.url).href}'
      const service = { start: async () => { throw new Error('no fuel') }, stop: async () => {} }
      export default definePlugin({ name: 'bad', apiVersion: 1, config: NoConfig, setup: () => ({ service }) })`)
    await appendFile(file(), '[[plugins]]\npackage = "./bad.mjs"\nrequired = true\n')
    await using node = new CommandProcess(['run'], folder.path)
    expect(await node.ends()).to.equal(6)
    expect(node.stderr).to.match(/plugin "bad" .*no fuel/).and.include('(MESH_PLUGIN_START_FAILED)')
    expect(await readdir(join(folder.path, '.akshi', 'run'))).to.not.include('node.json')
  })

  it('follows a growing file into a journal until it is stopped', async () => {
    await using node = await start()
    const log = join(folder.path, 'app.log')
    await writeFile(log, 'first\n')
    await using follower = new CommandProcess(['journal', 'append', 'app', '--follow', log, '--from-start'], folder.path)
    await entriesReach(folder, 1)
    await appendFile(log, 'second\n')
    await entriesReach(folder, 2)
    follower.child.kill('SIGINT')
    expect(await follower.ends()).to.equal(0)
    expect(follower.stdout).to.match(/^2 entries appended to app /)
    expect(node.child.exitCode).to.equal(null)
  })

  it('is not disturbed by a reader that goes away', async () => {
    await using node = await start()
    await writeFile(join(folder.path, 'lines'), 'x'.repeat(99).concat('\n').repeat(20_000))
    const env = { ...process.env, HOME: folder.path }
    await promisify(exec)(`${command} journal append notes < '${folder.path}/lines'`, { env })
    const { stdout, stderr } = await promisify(exec)(`${command} journal read notes | head -n 1`, { env })
    expect({ lines: stdout.split('\n').length, stderr, runs: node.child.exitCode }).to.deep.equal({ lines: 2, stderr: '', runs: null })
  })
})

/** Resolves once the journal "app" has `count` entries; the test's own time limit ends a vain wait. */
async function entriesReach (folder: Folder, count: number): Promise<void> {
  for (;;) {
    const journals = JSON.parse((await folder.akshi(['journal', 'list', '--json'])).stdout) as { journals: { entries: number }[] }
    if ((journals.journals[0]?.entries ?? 0) >= count) return
  }
}
