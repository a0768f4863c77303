import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { temporaryFolder } from './example-nodes.ts'
import { readDoc } from './vector-files.ts'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'examples/agent')
const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/esm/index.mjs')).href

/** Copies the example beside its dependencies, as `npm install` leaves them, with a home that meets nobody. */
async function install (folder: string): Promise<void> {
  await cp(example, folder, { recursive: true })
  await mkdir(join(folder, 'node_modules/@akshi'), { recursive: true })
  for (const name of ['core', 'plugin-http']) await symlink(join(root, 'packages', name), join(folder, 'node_modules/@akshi', name))
  await mkdir(join(folder, 'home'))
  await writeFile(join(folder, 'home/runtime.toml'), '[dashboard]\nport = 0\nbind = "127.0.0.1"\n[[plugins]]\npackage = "@akshi/plugin-http"\n')
}

/** Runs it until it follows, then ends it as Ctrl-C does. Resolves to what it said. */
async function run (folder: string): Promise<{ code: number | null, lines: string[] }> {
  const child = spawn(process.execPath, ['--import', tsx, '--conditions=source', 'agent.mjs', './home'], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (line.startsWith('following')) child.kill('SIGINT')
  }
  return { code: await ended, lines }
}

describe('examples/agent', () => {
  it('writes, changes, reads and follows, and finds it all again when it starts anew', async function () {
    this.timeout(60_000)
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent')
    await install(path)
    const [first, second] = [await run(path), await run(path)]
    const said = ({ code, lines }: typeof first) => [code, ...lines.map((line) => line.replace(/at \S+Z$/, 'at TIME'))]
    const rest = ['following; Ctrl-C ends', 'converged: false, because no trusted peer is known, and there is no shared folder']
    expect([said(first), said(second)]).to.deep.equal([
      [0, 'wrote 2 entries (fsync)', 'start number 1', 'read 1, the last at TIME', ...rest],
      [0, 'wrote 2 entries (fsync)', 'start number 2', 'read 2, the last at TIME', ...rest]
    ])
  })

  it('stands in docs/journals.md as it is', async () => {
    expect(readDoc('journals.md')).to.include('```js\n' + await readFile(join(example, 'agent.mjs'), 'utf8') + '```')
  })
})
