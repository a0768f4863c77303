import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { homePaths } from '@akshi/core'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'
import { writePlugin } from './support/plugin-file.ts'

describe('akshi run, given bad input', function () {
  this.timeout(60_000)
  let lab: Lab
  let node: LabNode
  before(async () => { lab = await Lab.create() })
  beforeEach(async () => { node = await lab.home('alpha') })
  afterEach(() => node.kill())
  after(() => lab[Symbol.asyncDispose]())

  /** How a start that must fail ends: exit code and the one line on stderr. */
  const refusal = async (...argv: string[]) => {
    const { code, stdout, stderr } = await node.cli('run', ...argv)
    expect(stdout).to.equal('')
    expect(stderr.split('\n').filter((line) => line.startsWith('akshi:'))).to.have.length(1)
    return [code, stderr.trimEnd()]
  }

  it('tells file, line and column of broken TOML', async () => {
    await node.configureWith('[node]\nname = "alpha"\nhome = /tmp\n')
    const [code, message] = await refusal()
    expect(code).to.equal(3)
    expect(message).to.match(/runtime\.toml:3:8: .*\n *3 \| home = \/tmp\n/).and.include('(MESH_CONFIG_INVALID)')
  })

  it('tells every unknown key, and what was meant', async () => {
    await node.configureWith('[node]\ncolour = "blue"\n[mesh.sync]\nintervall_secs = 3\n')
    const [code, message] = await refusal()
    expect(code).to.equal(3)
    expect(message).to.match(/runtime\.toml: node\.colour: unknown key\n/).and.include('mesh.sync.intervall_secs: unknown key; did you mean "interval_secs"?')
  })

  it('names a plugin that is not there', async () => {
    await node.configure({ plugins: ['@akshi/plugin-mnds'] })
    const [code, message] = await refusal()
    expect(code).to.equal(6)
    expect(message).to.include('"@akshi/plugin-mnds"').and.include('Did you mean "@akshi/plugin-mdns"?').and.include('(MESH_PLUGIN_NOT_FOUND)')
  })

  it('names a file that is no plugin', async () => {
    await writeFile(join(node.home, 'broken.mjs'), 'export default { name: ')
    await node.configure({ plugins: ['./broken.mjs'] })
    const [code, message] = await refusal()
    expect(code).to.equal(6)
    expect(message).to.include('"./broken.mjs" cannot be imported').and.include('(MESH_PLUGIN_INVALID)')
  })

  const faults = {
    'throws in setup': 'setup () { throw new Error("out of coffee") }',
    'throws in start': 'setup () { return { discovery: { start () { throw new Error("out of coffee") }, async announce () {}, async stop () {} } } }',
    'rejects in start': 'setup () { return { discovery: { async start () { throw new Error("out of coffee") }, async announce () {}, async stop () {} } } }'
  }
  for (const [fault, setup] of Object.entries(faults)) {
    it(`names a required plugin that ${fault}, and leaves nothing running`, async () => {
      await writePlugin(node, 'faulty', setup)
      await node.configure({ plugins: ['./faulty.mjs'], requiredPlugins: ['./faulty.mjs'] })
      const port = await freePort()
      const [code, message] = await refusal('--port', String(port))
      expect(code).to.equal(6)
      expect(message).to.match(/plugin "faulty" \(\.\/faulty\.mjs\) failed (in setup|to start): out of coffee \(MESH_PLUGIN_START_FAILED\)$/)
      expect(await exists(homePaths(node.home).running)).to.equal(false)
      // The port and the home can be taken again at once.
      await node.configure()
      await node.start('--port', String(port))
      expect(node.port).to.equal(port)
    })
  }

  it('tells which port is taken', async () => {
    const server = await listen()
    const { port } = server.address() as AddressInfo
    const [code, message] = await refusal('--port', String(port))
    server.close()
    expect(code).to.equal(8)
    expect(message).to.include(`Port ${port} on 127.0.0.1 is in use`).and.include('(MESH_PORT_IN_USE)')
    expect(await exists(homePaths(node.home).running)).to.equal(false)
  })

  it('tells which process holds the home, which goes on', async () => {
    await node.start()
    const [code, message] = await refusal('--port', '0')
    expect(code).to.equal(7)
    expect(message).to.include(`(process ${node.pid})`).and.include('(MESH_HOME_LOCKED)')
    expect(await node.append('notes', 'still here')).to.have.length(1)
    expect((await node.cli('status')).code).to.equal(0)
  })

  it('starts again where a node was killed', async () => {
    await node.start()
    await node.kill()
    expect(await exists(homePaths(node.home).running)).to.equal(true)
    await node.start()
    expect((await node.status()).pid).to.equal(node.pid)
  })

  it('asks for akshi init when there is no key, and makes nothing', async () => {
    await rm(join(node.home, 'security'), { recursive: true })
    const [code, message] = await refusal()
    expect(code).to.equal(7)
    expect(message).to.include(homePaths(node.home).key).and.include('akshi init').and.include('(MESH_KEY_MISSING)')
    expect(await exists(join(node.home, 'run'))).to.equal(false)
  })

  it('tells which key file it cannot read', async () => {
    const { key } = homePaths(node.home)
    await rm(key)
    await mkdir(key, { mode: 0o700 })                    // unreadable as a file, for root too
    const [code, message] = await refusal()
    expect(code).to.equal(7)
    expect(message).to.include(`Cannot read the node key ${key}`).and.include('(MESH_KEY_UNREADABLE)')
  })

  it('tells which key file holds no key, and keeps it', async () => {
    const { key } = homePaths(node.home)
    await writeFile(key, 'garbage')
    const [code, message] = await refusal()
    expect(code).to.equal(7)
    expect(message).to.include(key).and.include('(MESH_KEY_INVALID)')
    expect(await readFile(key, 'utf8')).to.equal('garbage')
  })

  it('refuses a key that others may read, and tells how to mend it', async () => {
    const { key } = homePaths(node.home)
    await chmod(key, 0o644)
    const [code, message] = await refusal()
    expect(code).to.equal(7)
    expect(message).to.include('mode 644').and.include(`chmod 600 ${key}`).and.include('(MESH_KEY_EXPOSED)')
  })
})

function exists (path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}

async function listen (): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function freePort (): Promise<number> {
  const server = await listen()
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
