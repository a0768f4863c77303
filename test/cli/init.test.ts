import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Folder } from './support/command.ts'

interface Made {
  readonly did: string
  readonly files: readonly { readonly what: string, readonly path: string, readonly created: boolean }[]
}

describe('akshi init', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  const init = async (...words: string[]) => {
    const { code, stdout, stderr } = await folder.akshi(['init', '--json', ...words])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    return JSON.parse(stdout) as Made
  }

  it('makes configuration, key and token in the home, for their owner alone', async () => {
    const { files } = await init('--name', 'alpha', '--port', '3999')
    const home = join(folder.path, '.akshi')
    expect(files).to.deep.equal([
      { what: 'configuration', path: join(home, 'runtime.toml'), created: true },
      { what: 'key', path: join(home, 'security', 'node_key.pem'), created: true },
      { what: 'token', path: join(home, 'security', 'token'), created: true }
    ])
    const modes = await Promise.all(files.map(async ({ path }) => (await stat(path)).mode & 0o777))
    expect(modes).to.deep.equal([0o600, 0o600, 0o600])
    expect(await readFile(join(home, 'runtime.toml'), 'utf8')).to.match(/^name = "alpha"$/m).and.match(/^port = 3999$/m)
  })

  it('keeps everything the second time', async () => {
    const first = await init('--name', 'alpha')
    const texts = () => Promise.all(first.files.map(({ path }) => readFile(path, 'utf8')))
    const before = await texts()
    const second = await init('--name', 'alpha')
    expect(second).to.deep.equal({ ...first, files: first.files.map((file) => ({ ...file, created: false })) })
    expect(await texts()).to.deep.equal(before)
  })

  it('says that a name was not taken over when the file was there', async () => {
    await init('--name', 'alpha')
    const { code, stdout, stderr } = await folder.akshi(['init', '--name', 'beta'])
    expect(code).to.equal(0)
    expect(stdout).to.match(/^kept {2}configuration /m).and.match(/^alpha is did:key:/m)
    expect(stderr).to.include('was kept as it is')
  })

  it('makes a home of its own with --home, which then works with -c alone', async () => {
    const { did } = await init('--home', 'second', '--name', 'beta')
    const { stdout } = await folder.akshi(['id', '--json', '-c', join('second', 'runtime.toml')])
    expect(JSON.parse(stdout)).to.deep.include({ name: 'beta', did })
  })

  it('writes the file that -c names, and says what to do next with it', async () => {
    const { code, stdout } = await folder.akshi(['init', '-c', 'mesh.toml', '--home', 'here', '--name', 'gamma'])
    expect(code).to.equal(0)
    expect(stdout).to.include('Next: akshi run -c mesh.toml --home here')
    expect(await readFile(join(folder.path, 'mesh.toml'), 'utf8')).to.match(/^name = "gamma"$/m)
  })

  it('uses the runtime.toml that applies here, and the home it names', async () => {
    await writeFile(join(folder.path, 'runtime.toml'), '[node]\nname = "own"\nhome = "state"\n[dashboard]\ntoken = "given"\n')
    const { files } = await init()
    expect(files).to.deep.equal([
      { what: 'configuration', path: join(folder.path, 'runtime.toml'), created: false },
      { what: 'key', path: join(folder.path, 'state', 'security', 'node_key.pem'), created: true }
    ])
  })

  it('refuses to work with a configuration that is wrong', async () => {
    await writeFile(join(folder.path, 'runtime.toml'), '[node\n')
    const { code, stderr } = await folder.akshi(['init'])
    expect(code).to.equal(3)
    expect(stderr).to.include('runtime.toml:1:')
  })
})
