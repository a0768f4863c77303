import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { CommandProcess } from './support/process.ts'

describe('akshi demo', function () {
  this.timeout(70_000)
  let folder: Folder
  let temporary: string
  beforeEach(async () => {
    folder = await Folder.create()
    temporary = join(folder.path, 'tmp')
    await mkdir(temporary)
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const start = (...argv: string[]) => new CommandProcess(['demo', ...argv], folder.path)
  const startInFolder = (...argv: string[]) => new CommandProcess(['demo', ...argv], folder.path, { TMPDIR: temporary })

  it('converges over HTTP with nothing configured, and ends with the timings', async () => {
    await using demo = start('--once', '--json')
    const code = await demo.ends()
    expect({ code, stderr: demo.stderr }).to.deep.equal({ code: 0, stderr: '' })
    const { converged, nodes, entries, heads, transport, timings_ms: timings } = JSON.parse(demo.stdout) as Record<string, object>
    expect({ converged, nodes, entries, transport }).to.deep.equal({ converged: true, nodes: 3, entries: 60, transport: ['http'] })
    expect(heads).to.have.length(3)
    expect(timings).to.have.all.keys('started', 'acknowledged', 'discovered', 'transport', 'converged')
  })

  it('converges through a shared folder alone with --no-peers', async () => {
    await using demo = start('--once', '--no-peers')
    expect(await demo.ends()).to.equal(0)
    expect(demo.stdout).to.match(/the shared folder chosen by all\n/).and.match(/converged: 60 entries on each node/).and.match(/^fs: /m)
  })

  it('goes on when a node dies, until it is interrupted; then it stops the others and removes their folder', async () => {
    await using demo = startInFolder('--no-peers')
    await demo.prints('mesh: converged')
    const pids = await Promise.all(names.map((name) => pidOf(temporary, name)))
    process.kill(pids[1] ?? 0, 'SIGKILL')
    await demo.prints('beta: ended (SIGKILL)')
    demo.child.kill('SIGINT')
    expect(await demo.ends()).to.equal(0)
    expect({ left: pids.filter(isAlive), folders: await foldersIn(temporary) }).to.deep.equal({ left: [], folders: [] })
  })

  it('takes its nodes along when it is killed', async () => {
    await using demo = startInFolder('--no-peers')
    await demo.prints('mesh: converged')
    const pids = await Promise.all(names.map((name) => pidOf(temporary, name)))
    demo.child.kill('SIGKILL')
    await demo.ends()
    while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve))
  })
})

const names = ['alpha', 'beta', 'gamma']

/** The demo's own folders: the loader that runs TypeScript keeps its cache there too. */
async function foldersIn (temporary: string): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('akshi-demo-'))
}

async function pidOf (temporary: string, name: string): Promise<number> {
  const [demo = ''] = await foldersIn(temporary)
  const { pid } = JSON.parse(await readFile(join(temporary, demo, name, 'run', 'node.json'), 'utf8')) as { pid: number }
  return pid
}

function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
