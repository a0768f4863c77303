import { X509Certificate } from 'node:crypto'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Folder } from './support/command.ts'

describe('commands that need no node', () => {
  let folder: Folder
  before(async () => {
    folder = await Folder.create()
    await folder.akshi(['init', '--name', 'alpha'])
  })
  after(() => folder[Symbol.asyncDispose]())

  it('id shows the name, the DID and the public keys', async () => {
    const { stdout } = await folder.akshi(['id', '--json'])
    const { name, did, publicKey, sealingKey, agents } = JSON.parse(stdout) as Record<string, string>
    expect({ name, agents }).to.deep.equal({ name: 'alpha', agents: [] })
    expect([publicKey, sealingKey].map((key) => Buffer.from(key ?? '', 'base64').length)).to.deep.equal([32, 32])
    expect((await folder.akshi(['id'])).stdout).to.include(`DID          ${did}\n`)
  })

  it('id --did prints the DID and nothing else', async () => {
    const { did } = JSON.parse((await folder.akshi(['id', '--json'])).stdout) as { did: string }
    expect((await folder.akshi(['id', '--did'])).stdout).to.equal(`${did}\n`)
  })

  it('id shows the DID of each agent that is declared', async () => {
    await writeFile(join(folder.path, 'agents.toml'), `[node]\nhome = "${folder.path}/.akshi"\n[[agents]]\nname = "scout"\n`)
    const { stdout } = await folder.akshi(['id', '-c', 'agents.toml'])
    expect(stdout).to.match(/^agent {8}scout {2}did:key:z6Mk/m)
  })

  it('id refuses a key that others can read', async () => {
    await folder.akshi(['init', '--home', 'open'])
    await chmod(join(folder.path, 'open', 'security', 'node_key.pem'), 0o644)
    const { code, stderr } = await folder.akshi(['id', '--home', 'open'])
    expect(code).to.equal(7)
    expect(stderr).to.include('chmod 600').and.include('(MESH_KEY_EXPOSED)')
  })

  it('token prints the token and nothing else', async () => {
    const { stdout } = await folder.akshi(['token'])
    expect(stdout).to.equal(await readFile(join(folder.path, '.akshi', 'security', 'token'), 'utf8'))
    const { token } = JSON.parse((await folder.akshi(['token', '--json'])).stdout) as { token: string }
    expect(`${token}\n`).to.equal(stdout)
  })

  it('token prints the configured one first, and says what to do without any', async () => {
    expect((await folder.akshi(['token'], { env: { AKSHI_TOKEN: 'given' } })).stdout).to.equal('given\n')
    const { code, stderr } = await folder.akshi(['token', '--home', 'nowhere'])
    expect(code).to.equal(7)
    expect(stderr).to.include('Run: akshi init')
  })

  it("cert writes a certificate of the node's key and shows how curl uses it", async () => {
    const { code, stdout } = await folder.akshi(['cert', '--out', 'certificates'])
    expect(code).to.equal(0)
    const path = join(folder.path, 'certificates', 'node.crt')
    const certificate = new X509Certificate(await readFile(path))
    const { publicKey } = JSON.parse((await folder.akshi(['id', '--json'])).stdout) as { publicKey: string }
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')).to.equal(publicKey)
    expect(stdout).to.include(`curl -k --cert ${path} --key `)
  })

  it('config check accepts what init has written', async () => {
    const { code, stdout, stderr } = await folder.akshi(['config', 'check'])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.include(`${join(folder.path, '.akshi', 'runtime.toml')}: OK\n`)
  })

  it('config check shows all problems at once, those of plugins in their turn', async () => {
    await writeFile(join(folder.path, 'bad.toml'), '[node]\nnmae = "x"\n[dashboard]\nport = "many"\n')
    const core = await folder.akshi(['config', 'check', '-c', 'bad.toml'])
    expect(core.code).to.equal(3)
    expect(core.stderr).to.include('node.nmae').and.include('dashboard.port')
    await writeFile(join(folder.path, 'bad.toml'), '[[plugins]]\npackage = "@akshi/plugin-fs"\nconfig = { drawer = 1 }\n')
    const plugin = await folder.akshi(['config', 'check', '-c', 'bad.toml'])
    expect(plugin.code).to.equal(3)
    expect(plugin.stderr).to.include('plugins[0].config.drawer')
  })

  it('config check names a plugin that is not there', async () => {
    await writeFile(join(folder.path, 'bad.toml'), '[[plugins]]\npackage = "@akshi/plugin-mnds"\n')
    const { code, stderr } = await folder.akshi(['config', 'check', '-c', 'bad.toml'])
    expect(code).to.equal(6)
    expect(stderr).to.include('@akshi/plugin-mnds').and.include('(MESH_PLUGIN_NOT_FOUND)')
  })
})
