import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createNode, homePaths, loadConfig, silentLogger, systemClock, type Finding, type Runtime } from '@akshi/core'
import fs from '@akshi/plugin-fs'
import http from '@akshi/plugin-http'
import { expect } from 'chai'
import { findOldNode } from '../../packages/cli/src/doctor/examination.ts'
import { findSpaceProblem } from '../../packages/cli/src/doctor/home-findings.ts'
import { unprivileged } from '../support/unprivileged.ts'
import { Folder, type CommandOptions } from './support/command.ts'
import { FakeNode } from './support/fake-node.ts'

interface Report {
  readonly code: number
  readonly ok: boolean
  readonly node: unknown
  readonly pid: number | null
  readonly findings: readonly (Finding & { readonly code?: string })[]
}

const idle: Finding = { level: 'warning', topic: 'node', message: 'no node is running', fix: 'akshi run --home alpha' }

describe('akshi doctor', () => {
  let folder: Folder
  let home: string
  beforeEach(async () => {
    folder = await Folder.create()
    home = join(folder.path, 'alpha')
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const init = (name = 'alpha', port = '0') => folder.akshi(['init', '--home', name, '--name', name, '--port', port, '--loopback'])
  const report = async (name = 'alpha', options?: CommandOptions): Promise<Report> => {
    const { code, stdout } = await folder.akshi(['doctor', '--json', '--home', name], options)
    return { code, ...JSON.parse(stdout) as Omit<Report, 'code'> }
  }
  /** What is wrong, besides that no node runs. */
  const ailments = async (options?: CommandOptions) => (await report('alpha', options)).findings.filter(({ level, message }) => level !== 'ok' && message !== idle.message)
  /** Does what a finding says: a command of ours in this process, any other in a shell. */
  const mend = async (fix = 'false') => {
    if (!fix.startsWith('akshi ')) {
      execFileSync('sh', ['-c', fix])
      return
    }
    const { code, stderr } = await folder.akshi(fix.split(' ').slice(1))
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
  }

  describe('without a running node', () => {
    it('shows what is there and what is not, aligned, failures first, and each fix on a line of its own', async () => {
      const { code, stdout, stderr } = await folder.akshi(['doctor', '--home', 'alpha'], { env: { AKSHI_NODE_NAME: 'alpha', AKSHI_DASHBOARD_PORT: '0' } })
      expect({ code, stderr, lines: stdout.split('\n') }).to.deep.equal({
        code: 7,
        stderr: '',
        lines: [
          `alpha in ${home}, not running`,
          '',
          `failure  home    there is no ${home}: this node was never made`,
          '                 fix: akshi init --home alpha',
          'warning  node    no node is running',
          '                 fix: akshi run --home alpha',
          'ok       port    some port on 0.0.0.0 is free',
          'ok       config  there is no runtime.toml: defaults alone',
          '',
          '1 failure, 1 warning',
          ''
        ]
      })
      await mend('akshi init --home alpha')
      expect((await report('alpha', { env: { AKSHI_DASHBOARD_PORT: '0' } })).findings.map(({ topic, level }) => [topic, level])).to.deep.equal([['node', 'warning'], ['port', 'ok'], ['home', 'ok'], ['config', 'ok']])
    })

    it('ends with 0 and says how to start the node when nothing else is amiss', async () => {
      await init()
      const { code, ok, pid, node, findings } = await report()
      expect({ code, ok, pid, node, first: findings[0], rest: findings.slice(1).map(({ level }) => level) }).to.deep.equal({
        code: 0, ok: true, pid: null, node: { name: 'alpha', home }, first: idle, rest: ['ok', 'ok', 'ok']
      })
    })

    it('tells where runtime.toml is broken, and stops there', async () => {
      await init()
      await appendFile(join(home, 'runtime.toml'), '\nport = = 3\n')
      const line = (await readFile(join(home, 'runtime.toml'), 'utf8')).split('\n').indexOf('port = = 3') + 1
      const { code, node, findings } = await report()
      expect([code, node, findings.map(({ message, ...rest }) => ({ ...rest, place: message.slice(0, message.indexOf(' ')) }))]).to.deep.equal([3, null, [
        // eslint-disable-next-line no-template-curly-in-string -- the shell's
        { level: 'failure', topic: 'config', code: 'MESH_CONFIG_INVALID', place: `alpha/runtime.toml:${line}:8:`, fix: '${EDITOR:-vi} +LINE alpha/runtime.toml'.replace('LINE', String(line)) }
      ]])
      const { stdout } = await folder.akshi(['doctor', '--home', 'alpha'])
      expect(stdout).to.include(`\n                 ${' '.repeat(2)}${line} | port = = 3\n`)
    })

    it('tells of a file that is not there, a key and a plugin that nobody knows', async () => {
      const missing = await folder.akshi(['doctor', '--json', '-c', 'x.toml'])
      expect([missing.code, (JSON.parse(missing.stdout) as Report).findings[0]?.fix]).to.deep.equal([3, 'akshi init -c x.toml'])
      await init()
      await writeFile(join(home, 'runtime.toml'), '[[plugins]]\npackage = "akshi-plugin-nowhere"\n')
      const plugin = await report('alpha', { env: { AKSHI_DASHBOARD_PORT: '0' } })
      expect([plugin.code, plugin.findings[0]?.fix]).to.deep.equal([6, 'npm install akshi-plugin-nowhere'])
    })

    it('finds a key, a token and a home that are open to others, and the fixes close them', async () => {
      await init()
      const { key, token } = homePaths(home)
      for (const [path, mode] of [[key, 0o644], [token, 0o640], [home, 0o777]] as const) await chmod(path, mode)
      const { code } = await report()
      const found = await ailments()
      expect([code, found.map(({ level, topic, message, fix }) => [level, topic, message, fix])]).to.deep.equal([7, [
        ['failure', 'key', `${key} can be read by others (mode 644)`, `chmod 600 ${key}`],
        ['failure', 'token', `${token} can be read by others (mode 640)`, `chmod 600 ${token}`],
        ['warning', 'home', `${home} can be written by others (mode 777): they can put another key there`, `chmod go-w ${home}`]
      ]])
      for (const { fix } of found) await mend(fix)
      expect(await ailments()).to.deep.equal([])
    })

    it('finds a key that is gone, one that is none, and an empty token', async () => {
      await init()
      const { key, token } = homePaths(home)
      await writeFile(key, 'no key')
      await truncate(token)
      const [broken, empty] = await ailments()
      expect([broken?.message, broken?.fix, empty?.fix]).to.deep.equal([`${key} holds no Ed25519 private key in PKCS#8 PEM. Restore it from a backup: a new key is a new identity.`, undefined, `rm ${token}`])
      await mend(empty?.fix)
      await rm(key)
      const [gone, ...rest] = await ailments()
      expect([gone?.message, gone?.fix, rest]).to.deep.equal([`There is no node key at ${key}`, 'akshi init --home alpha', []])
      await mend(gone?.fix)
      expect(await ailments()).to.deep.equal([])
    })

    it('finds a home that this user may not write', async () => {
      await init()
      await chmod(home, 0o500)
      await unprivileged(folder.path, async () => {
        const { code, findings: [finding] } = await report()
        expect([code, finding?.topic, finding?.fix]).to.deep.equal([7, 'home', `chmod u+rwX ${home}`])
        await chmod(home, 0o700)                                                // a child would be root again
        expect(await ailments()).to.deep.equal([])
      })
    })

    it('finds a token in a file that others can read, and the fix closes it', async () => {
      await init()
      const path = join(home, 'runtime.toml')
      await writeFile(path, '[dashboard]\nport = 0\nbind = "127.0.0.1"\ntoken = "s3cret"\n')
      await chmod(path, 0o644)
      const [finding, ...rest] = await ailments()
      expect([finding?.message, rest]).to.deep.equal([`${path} holds the token and can be read by others (mode 644)`, []])
      await mend(finding?.fix)
      expect(await ailments()).to.deep.equal([])
    })

    it('finds who has the port, and the port that it proposes is free', async () => {
      const taken = createServer().listen(0, '127.0.0.1')
      await once(taken, 'listening')
      const { port } = taken.address() as AddressInfo
      await init('alpha', String(port))
      const { code, findings: [finding] } = await report()
      expect([code, finding?.topic, finding?.code]).to.deep.equal([8, 'port', 'MESH_PORT_IN_USE'])
      expect(finding?.message).to.match(process.platform === 'linux' ? new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is in use by \\S+ \\(pid ${process.pid}\\)$`) : /in use by/)
      const [, other = ''] = /^port = (\d+) {2}# under \[dashboard\] in runtime.toml$/.exec(finding?.fix ?? '') ?? []
      expect(await ailments({ env: { AKSHI_DASHBOARD_PORT: other } })).to.deep.equal([])
      taken.close()
    })

    it('finds an address that this machine has not', async () => {
      await init()
      const { code, findings: [finding] } = await report('alpha', { env: { AKSHI_DASHBOARD_BIND: '192.0.2.7' } })
      expect([code, finding?.message, finding?.fix]).to.deep.equal([3, '192.0.2.7 is no address of this machine', 'bind = "0.0.0.0"  # under [dashboard] in runtime.toml'])
    })

    it('finds a clock that stands before what the node has written', async () => {
      await init()
      const [finding] = await ailments({ clock: { ...systemClock, now: () => 0 } })
      expect([finding?.level, finding?.message.startsWith('this machine\'s clock says 1970-01-01T00:00:00.000Z, and this node has written at 20'), finding?.fix]).to.deep.equal(['warning', true, 'sudo timedatectl set-ntp true'])
    })

    it('takes the message of a file that nobody should have written for text', async () => {
      await init()
      await writeFile(join(home, 'runtime.toml'), '[dashboard]\nport = "\\u001b[2J"\n')
      expect((await folder.akshi(['doctor', '--home', 'alpha'])).stdout).not.to.include('\u001b')
    })
  })

  describe('with a running node', () => {
    it('shows its findings with its own, wrapped for the terminal, with nothing of theirs that steers it, and ends with 1', async () => {
      await init()
      const long = 'a cause that takes more words than there is room for in one line of a terminal'
      await using node = await FakeNode.start(home, () => ({ body: [{ level: 'note', topic: 'x', message: 'a \u001b[2Jnote' }, { level: 'failure', topic: 'mdns\u001b', message: long, fix: 'true' }] }))
      const { code, stdout } = await folder.akshi(['doctor', '--home', 'alpha'])
      expect([code, node.requests.map(({ path }) => path), stdout.includes('\u001b')]).to.deep.equal([1, ['/api/v1/doctor'], false])
      expect(stdout.split('\n').slice(0, 5)).to.deep.equal([
        `alpha in ${home}, running (pid ${process.pid})`, '', `failure  mdns\\u001b  ${long}`, '                     fix: true', 'note     x           a \\u001b[2Jnote'
      ])
      const narrow = await folder.akshi(['doctor', '--home', 'alpha', '--no-color'], { width: 66 })
      expect(narrow.stdout.split('\n').slice(2, 5)).to.deep.equal([
        'failure  mdns\\u001b  a cause that takes more words than there is', '                       room for in one line of a terminal', '                     fix: true'
      ])
    })

    it('says why the node does not answer', async () => {
      await init()
      await using node = await FakeNode.start(home, () => ({ status: 401, body: { error: 'MESH_TOKEN_INVALID', detail: 'wrong token. Run: akshi token' } }))
      const { code, pid, findings: [finding] } = await report()
      expect([node.requests.length, code, pid, finding]).to.deep.equal([1, 7, process.pid, { level: 'failure', topic: 'node', message: 'wrong token', fix: 'akshi token --home alpha', code: 'MESH_TOKEN_INVALID' }])
    })

    it('leads two nodes to nothing wrong, and finds what breaks later', async function () {
      this.timeout(60_000)
      await init()
      await init('beta')
      await using beta = await startNode(join(folder.path, 'beta'))
      const { did, url } = { did: beta.identity.did, url: new URL(beta.url) }
      await using alpha = await startNode(home, `[[mesh.peers]]\nnode_did = "${did}"\nname = "beta"\nendpoint = "127.0.0.1"\ndashboard_port = ${url.port}\n`)

      // Alpha trusts beta, beta has seen alpha and does not trust it.
      expect(await ailments()).to.deep.equal([{ topic: 'peers', level: 'warning', message: 'beta does not trust this node yet: neither gets anything of the other', fix: `on beta: akshi trust ${alpha.identity.did}` }])
      await mend(`akshi trust ${alpha.identity.did} --home beta`)
      await folder.akshi(['wait', '--converged', '--peers', '1', '--home', 'alpha'])
      const { code, stdout } = await folder.akshi(['doctor', '--home', 'alpha'])
      expect({ code, last: stdout.split('\n').slice(-3) }).to.deep.equal({ code: 0, last: ['', 'nothing is wrong', ''] })

      await rm(join(home, 'shared'), { recursive: true })
      await writeFile(join(home, 'shared'), '')
      const [blocked] = await ailments()
      expect([blocked?.level, blocked?.topic, (await report()).code]).to.deep.equal(['failure', 'folder', 1])
      await mend(blocked?.fix)
      await mkdir(join(home, 'shared'), { recursive: true })                     // as the transport does at its next look
      expect(await ailments()).to.deep.equal([])
    })
  })

  it('tells of a Node that is too old', () => {
    expect([findOldNode('20.19.0', '>=20.19'), findOldNode('22.0.1', '>=20.19')]).to.deep.equal([[], []])
    expect([findOldNode('20.18.3', '>=20.19'), findOldNode('18.20.0', '>=20.19')].map(([finding]) => finding?.level)).to.deep.equal(['failure', 'failure'])
  })

  it('tells of a disk that is full, nearly full, or has no inode left', () => {
    const space = (mib: number, ffree = 9) => findSpaceProblem('/h', { bavail: mib * 256, bsize: 4_096, files: 10, ffree }).map(({ level, message }) => [level, message])
    expect([space(15), space(255), space(256), space(256, 0)]).to.deep.equal([
      [['failure', 'the disk of /h is full: 15.7 MB free']], [['warning', 'the disk of /h is nearly full: 267.4 MB free']], [], [['failure', 'the disk of /h takes no more files (no inode is free)']]
    ])
  })
})

/** A node on a free port of loopback, in this process. `more` is added to its runtime.toml. */
async function startNode (home: string, more = ''): Promise<Runtime> {
  await appendFile(join(home, 'runtime.toml'), `\n${more}`)
  const { config } = await loadConfig({ cwd: home, env: { HOME: home }, home })
  const node = await createNode({ config, configDir: home, logger: silentLogger, plugins: [{ plugin: http as never }, { plugin: fs as never }] })
  await node.start()
  return node
}
