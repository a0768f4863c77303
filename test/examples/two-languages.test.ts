import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ifPossible } from '../live/if-possible.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { plainEnvironment } from './support/installation.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const example = join(root, 'examples/two-languages')
const missing = ['python3', 'bash', 'curl', 'npm'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const itIfPossible = ifPossible(missing.length === 0 ? undefined : `there is no ${missing.join(', ')} on this machine`)

/** What `npm install` puts beside the example. */
const installed = {
  '@a2a-js/sdk': 'node_modules/@a2a-js/sdk',
  '@types/node': 'node_modules/@types/node',
  typescript: 'node_modules/typescript',
  '@akshi/cli': 'packages/cli',
  '.bin/akshi': 'packages/cli/bin/akshi.js',
  '.bin/tsc': 'node_modules/typescript/bin/tsc'
}

async function install (folder: string): Promise<void> {
  await cp(example, folder, { recursive: true, filter: (path) => !/node_modules|dist|-home/.test(path.slice(example.length)) })
  for (const [name, place] of Object.entries(installed)) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(root, place), link)
  }
}

async function run (program: string, words: readonly string[], cwd: string): Promise<{ stdout: string, stderr: string }> {
  return await promisify(execFile)(program, [...words], { cwd, env: { ...plainEnvironment(), HOME: cwd, npm_config_update_notifier: 'false' } })
}

async function freePorts (count: number): Promise<string[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }))
  const ports = servers.map((server) => String((server.address() as AddressInfo).port))
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** The Python agent alone, with a node that is not there. */
async function startCosts (): Promise<{ readonly url: string, readonly child: ChildProcess }> {
  const [port = '', away = ''] = await freePorts(2)
  const child = spawn('python3', [join(example, 'costs.py')], { env: { ...process.env, PORT: port, NODE_URL: `http://127.0.0.1:${away}`, NODE_TOKEN: 'none' }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(createInterface(child.stdout), 'line')
  return { url: `http://127.0.0.1:${port}/`, child }
}

interface Answer {
  readonly result?: { readonly id: string, readonly status: { readonly state: string, readonly message?: { readonly parts: readonly { readonly text: string }[] } } } & { readonly task: { readonly id: string } }
  readonly error?: { readonly code: number }
}

/** `npm start`, in a copy of the example. */
async function start (): Promise<{ stdout: string, stderr: string }> {
  await using folder = await temporaryFolder()
  await install(folder.path)
  return await run('npm', ['start', '--silent', '--', '4 days in Oslo'], folder.path)
}

/** What the README does by hand, in a copy of the example, on free ports. */
async function startByHand (): Promise<string> {
  await using folder = await temporaryFolder()
  await install(folder.path)
  const [alpha = '', beta = '', costs = ''] = await freePorts(3)
  const here = (text: string) => text.replaceAll('3210', alpha).replaceAll('3211', beta).replaceAll('9000', costs)
  for (const name of ['alpha.toml', 'beta.toml']) await writeFile(folder.join(name), here(await readFile(join(example, name), 'utf8')))
  const readme = await readFile(join(example, 'README.md'), 'utf8')
  const block = /<!-- by hand: [^\n]*-->\n```sh\n([^]*?)```/.exec(readme)?.[1] ?? ''
  const script = here(block).replaceAll('npx akshi', 'node_modules/.bin/akshi')
  return (await run('bash', ['-c', `set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n${script}`], folder.path)).stdout
}

describe('examples/two-languages', function () {
  this.timeout(60_000)
  /** Beside each other: they wait for their nodes most of the time. */
  let runs: readonly [ReturnType<typeof start>, ReturnType<typeof startByHand>]

  before(() => {
    if (missing.length > 0) return
    runs = [start(), startByHand()]
    for (const each of runs) each.catch(() => {})
  })
  after(() => Promise.allSettled(runs ?? []))

  itIfPossible('has a Python agent that speaks A2A 1.0: a card, tasks that are asked for later, errors', async () => {
    const { url, child } = await startCosts()
    try {
      const call = async (method: string, params: unknown, version = '1.0') => await (await fetch(url, { method: 'POST', headers: { 'A2A-Version': version }, body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }) })).json() as Answer
      const card = await (await fetch(`${url}.well-known/agent-card.json`)).json() as { readonly supportedInterfaces: unknown }
      expect(card.supportedInterfaces).to.deep.equal([{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }])

      const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: '3 days in Rome' }] }
      const id = (await call('SendMessage', { message, configuration: { returnImmediately: true } })).result?.task.id
      let task = await call('GetTask', { id })
      while (task.result?.status.state === 'TASK_STATE_WORKING') task = await call('GetTask', { id })
      expect([task.result?.id, task.result?.status.state]).to.deep.equal([id, 'TASK_STATE_FAILED'])
      expect(task.result?.status.message?.parts[0]?.text).to.match(/refused/)

      const answers = [await call('GetTask', { id: 'other' }), await call('Dance', {}), await call('SendMessage', {}), await call('SendMessage', { message }, '0.3')]
      expect(answers.map(({ error }) => error?.code)).to.deep.equal([-32001, -32601, -32602, -32009])
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })

  itIfPossible('has two agents that delegate to each other across two nodes', async () => {
    const { stdout, stderr } = await runs[0]
    expect({ said: stdout.trim().split('\n'), stderr }).to.deep.equal({
      said: [
        'alpha -> planner@alpha: 4 days in Oslo',
        'alpha -> costs@beta: 4 days in Oslo',
        'beta -> planner@alpha: nights of 4 days',
        '4 days in Oslo: 3 nights at 90 EUR and 4 days at 40 EUR make 430 EUR'
      ],
      stderr: ''
    })
  })

  itIfPossible('is started by hand as its README says', async () => {
    const stdout = await runs[1]
    expect(stdout).to.match(/^costs@beta\n {2}skills price\n/m)
    expect(stdout).to.match(/^3 days in Rome: 2 nights at 90 EUR and 3 days at 40 EUR make 300 EUR$/m)
    expect(stdout).to.match(/"text":"3 nights at 90 EUR and 4 days at 40 EUR make 430 EUR"/)
  })
})
