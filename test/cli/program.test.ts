import { expect } from 'chai'
import { Folder } from './support/command.ts'

describe('the command line', () => {
  let folder: Folder
  before(async () => { folder = await Folder.create() })
  after(() => folder[Symbol.asyncDispose]())

  it('alone shows where to begin', async () => {
    const { code, stdout, stderr } = await folder.akshi([])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.include('akshi init --name alpha')
  })

  it('suggests what a mistyped command may have meant', async () => {
    const { code, stdout, stderr } = await folder.akshi(['statsu'])
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
    expect(stderr).to.equal("akshi: unknown command 'statsu' (Did you mean status?). See: akshi --help (MESH_REQUEST_INVALID)\n")
  })

  it('ends a sentence of the command line with one full stop', async () => {
    const { code, stderr } = await folder.akshi(['plugin', 'new', 'akshi-pigeon', '--kind', 'pigeon'])
    expect({ code, stderr }).to.deep.equal({ code: 2, stderr: "akshi: option '--kind <kind>' argument 'pigeon' is invalid. Allowed choices are transport, discovery, hooks. See: akshi --help (MESH_REQUEST_INVALID)\n" })
  })

  it('reports what makes no sense as usage', async () => {
    const wrong = [['init', '--port', '70000'], ['status', 'much'], ['run', '--trust', 'all'], ['trust'], ['wait'], ['journal'], ['journal', 'read', 'a', '--limit', '-1'], ['id', '--nmae', 'x']]
    const codes = await Promise.all(wrong.map(async (argv) => (await folder.akshi(argv)).code))
    expect(codes).to.deep.equal(wrong.map(() => 2))
  })

  it('reports errors as JSON with --json', async () => {
    const { code, stdout, stderr } = await folder.akshi(['id', '--json'])
    const { error, detail } = JSON.parse(stderr) as { error: string, detail: string }
    expect({ code, stdout, error }).to.deep.equal({ code: 7, stdout: '', error: 'MESH_KEY_MISSING' })
    expect(detail).to.include('akshi init')
  })

  it('takes the common options before and after the command', async () => {
    const first = await folder.akshi(['--home', 'one', '--json', 'init', '--name', 'one'])
    const second = await folder.akshi(['id', '--home', 'one', '--json'])
    const { did } = JSON.parse(second.stdout) as { did: string }
    expect(JSON.parse(first.stdout)).to.deep.include({ name: 'one', did })
  })

  it('shows a summary, the common options and examples for each command', async () => {
    const { stdout } = await folder.akshi(['--help'])
    const names = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name]) => name ?? '')
    expect(names).to.have.members(['init', 'run', 'stop', 'demo', 'status', 'peers', 'why', 'doctor', 'convergence', 'trust', 'untrust', 'journal', 'wait', 'id', 'token', 'cert', 'mesh', 'dht', 'agents', 'config', 'plugin'])
    const paths = [...names.filter((name) => name !== 'journal' && name !== 'config').map((name) => [name]), ...['append', 'read', 'tail', 'state', 'set', 'stats', 'verify', 'export', 'import'].map((name) => ['journal', name]), ['config', 'check']]
    for (const path of paths) {
      const help = await folder.akshi([...path, '--help'])
      expect(help.code).to.equal(0)
      expect(help.stdout).to.include('--json').and.include('Examples:')
    }
  })

  it('prints its version', async () => {
    const { code, stdout } = await folder.akshi(['--version'])
    expect({ code, version: /^\d+\.\d+\.\d+\n$/.test(stdout) }).to.deep.equal({ code: 0, version: true })
  })
})
