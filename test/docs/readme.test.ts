import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'

const root = join(import.meta.dirname, '../..')
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0)

/** The shell block of README.md that a comment names. */
async function blockOf (name: string): Promise<string> {
  const text = await readFile(join(root, 'README.md'), 'utf8')
  const block = new RegExp(`<!-- ${name}: [^\\n]*-->\\n\`\`\`sh\\n([^]*?)\`\`\``).exec(text)?.[1]
  if (block === undefined) throw new Error(`README.md has no block "${name}"`)
  return block
}

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('README.md', () => {
  let home: string
  beforeEach(async () => { home = await mkdtemp(join(tmpdir(), 'akshi-readme-')) })
  afterEach(() => rm(home, { recursive: true, force: true }))

  it('has a quickstart and examples for curl and agents that work as written', async function () {
    if (!hasTools) return this.skip()                       // there is no bash or curl on this machine
    this.timeout(90_000)
    const [alpha, beta, mdns] = [await freePort(), await freePort(), await freePort()]
    // Nodes that somebody runs on this machine are on mDNS's own port.
    const setMdnsPort = ['alpha', 'beta'].map((node) => `echo 'port = ${mdns}' >> ~/${node}/runtime.toml\n`).join('')
    const script = `set -e\ntrap 'for node in alpha beta; do npx --no-install akshi stop --home ~/$node; done; wait' EXIT\n${await blockOf('quickstart')}\n${await blockOf('curl')}\n${await blockOf('agent')}`
      .replaceAll('3210', String(alpha)).replaceAll('3211', String(beta)).replace(/^npx .* run /m, `${setMdnsPort}$&`)
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: root, env: { PATH: process.env.PATH, HOME: home } })
    expect(stdout).to.match(/hello from alpha\n.*hello from beta/)
    expect(stdout).to.match(/^seen beta {2}did:key:z6Mk\w+ {2}pending$/m)
    expect(stdout).to.include('{"accepted":2,"rejected":0,"results":[{"status":"duplicate"},{"status":"duplicate"}]}')
    expect(stdout).to.match(/"converged":true/)
    expect(stdout).to.match(/"name":"alpha"/)
    expect(stdout).to.match(/"ids":\["[0-9A-Z]{26}"\],"seq":2,"durability":"fsync"/)
    expect(stdout).to.match(/"entries":\[\{[^}]*"kind":"measurement","body":\{"celsius":21.5\}/)
    expect(stdout).to.match(/"value":\{"mood":"good"\},"heads":\["[0-9a-f]{64}"\]/)
    const { envelopes } = JSON.parse(await readFile(join(home, 'alpha/envelopes.json'), 'utf8')) as { envelopes: unknown[] }
    expect(envelopes).to.have.length(2)
  })
})
