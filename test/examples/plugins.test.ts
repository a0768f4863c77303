import { readdir } from 'node:fs/promises'
import type { Address, Did } from '@akshi/core'
import { expect } from 'chai'
import { readDoc } from '../docs/vector-files.ts'
import { until } from '../live/until.ts'
import { Installation } from './support/installation.ts'
import { InstalledNode } from './support/installed-node.ts'

interface NameServer {
  readonly address: string
  put (service: string, target: string, did: Did, addresses: readonly Address[]): void
}

interface RedisServer {
  readonly url: string
}

const withinMs = 30_000
const redisLines = ({ url }: RedisServer) => ['[[plugins]]', 'package = "akshi-redis-transport"', '[plugins.config]', `url = "${url}"`]
const srvLines = ({ address }: NameServer) => ['[[plugins]]', 'package = "akshi-srv-discovery"', '[plugins.config]', `domain = "mesh.test"\nservers = ["${address}"]\ninterval_secs = 0.1`]

const chapter = /\n## A first one\n(.*?)\n## /s.exec(readDoc('plugin-authors.md'))?.[1] ?? ''
const commands = [...chapter.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'))
/** What these bring is there: from tarballs, since it is not published yet. */
const commandsHere = commands.filter((line) => line !== 'npm install @akshi/cli' && line !== 'npm install')
/** Nodes that run in the background end also when a line fails. */
const atTheEnd = "trap 'for each in left right; do [ ! -d $each ] || npx akshi stop --home ./$each || true; done 2> /dev/null' EXIT"

/** What a stranger does: installs the packages and plugins of others into an empty folder, and runs nodes there. */
describe('packages installed from their tarballs', function () {
  this.timeout(120_000)
  let installation: Installation
  /** Beside the others, which wait most of the time. */
  let newcomer: Promise<string>

  before(async function () {
    const made = await Installation.make(['redis-transport', 'srv-discovery'])
    if (typeof made === 'string') return skip(this, made)
    installation = made
    newcomer = made.run('bash', ['-euxo', 'pipefail', '-c', [atTheEnd, ...commandsHere].join('\n')], { timeoutMs: 100_000 })
    newcomer.catch(() => {})
  })
  after(async () => {
    await newcomer?.catch(() => {})
    await installation?.[Symbol.asyncDispose]()
  })

  for (const name of ['redis-transport', 'srv-discovery']) {
    it(`pass the tests of examples/${name}`, async () => {
      const said = await installation.run('npm', ['test'], { cwd: `${installation.path}/${name}` })
      expect(/(\d+) passing/.exec(said)?.[1]).to.match(/^\d+$/)
      expect(said).not.to.match(/failing/)
    })
  }

  it('hold a licence, a README and types, and name nothing that a stranger has not', async () => {
    const packages = await installation.packages()
    expect(packages.map(({ name, lacks }) => [name, lacks])).to.deep.equal(packages.map(({ name }) => [name, []]))
    expect(packages.length).to.equal((await readdir(new URL('../../packages', import.meta.url))).length)
  })

  it('carry a journal through Redis, as long as runtime.toml says so', async function () {
    const redis = await startRedis(installation)
    if (typeof redis === 'string') return skip(this, redis)
    await using alpha = await InstalledNode.make(installation, 'redis-alpha')
    await using beta = await InstalledNode.make(installation, 'redis-beta')
    for (const [lines, body] of [[redisLines(redis), 'one'], [[], 'two'], [redisLines(redis), 'three']] as const) {
      await Promise.all([alpha.run(lines), beta.run(lines)])
      await Promise.all([alpha.trust(beta.did), beta.trust(alpha.did)])
      await alpha.append('notes', body)
      const { plugins, shared } = await beta.status()
      expect([plugins.map((plugin) => plugin.name), shared.map(({ transport }) => transport)]).to.deep.equal(lines.length === 0 ? [['http'], []] : [['http', 'redis'], ['redis']])
      if (lines.length > 0) await until(async () => (await beta.bodies('notes')).includes(body), withinMs, `"${body}" at beta`)
    }
    expect([await alpha.bodies('notes'), await beta.bodies('notes')]).to.deep.equal([['one', 'two', 'three'], ['one', 'two', 'three']])
  })

  it('find each other by SRV records, as long as runtime.toml says so', async () => {
    const zone = await startZone(installation)
    await using alpha = await InstalledNode.make(installation, 'srv-alpha')
    await using beta = await InstalledNode.make(installation, 'srv-beta')
    for (const [lines, body] of [[[], 'one'], [srvLines(zone), 'two'], [[], 'three']] as const) {
      await Promise.all([alpha.run(lines, 'open'), beta.run(lines, 'open')])
      for (const { name, did, port } of [alpha, beta]) zone.put('_akshi._tcp.mesh.test', `${name}.mesh.test`, did, [{ host: '127.0.0.1', port }])
      await alpha.append('notes', body)
      if (lines.length > 0) await until(async () => (await beta.bodies('notes')).includes(body), withinMs, `"${body}" at beta`)
      const { plugins, peers } = await beta.status()
      expect([plugins.map((plugin) => plugin.name), peers.flatMap(({ sources }) => sources)]).to.deep.equal(lines.length === 0 ? [['http'], []] : [['http', 'srv'], ['srv']])
    }
    expect([await alpha.bodies('notes'), await beta.bodies('notes')]).to.deep.equal([['one', 'two', 'three'], ['one', 'two']])
  })

  it('let a newcomer write, test, pack and load a plugin, by the commands of docs/plugin-authors.md', async () => {
    const said = await newcomer
    expect(commands.length - commandsHere.length).to.equal(2)
    expect(said).to.match(/^# pass [1-9]\d*$/m).and.match(/^# fail 0$/m)
    expect(said).to.match(/promises {2}(\d+) of \1\n {2}faults {4}0 problems .*\n.* failed as they must, .*\n {2}good\n/)
    expect(said).to.match(/runtime\.toml: OK\nnode "alpha" .*, plugins: .*, akshi-pigeon\n/)
    expect(said.split('by pigeon').length).to.equal(2)
    expect(said).to.match(/pigeon: no address of the 1 trusted peers is known: the shared folder carries envelopes\n(.*\n)+?left +trusted +unknown +folder /)
    expect(said).to.match(/^pigeon +transport\.pull +[1-9]/m)
  })
})

function skip (test: Mocha.Context, reason: string): void {
  console.log(`      not tried: ${reason}`)
  test.skip()
}

/** The server of the example's own tests, or why there is none. */
async function startRedis (installation: Installation): Promise<RedisServer | string> {
  const { missing, RedisServer } = await installation.module<{ readonly missing?: string, readonly RedisServer: { start (): Promise<RedisServer> } }>('redis-transport/test/redis-server.js')
  return missing ?? await RedisServer.start()
}

async function startZone (installation: Installation): Promise<NameServer> {
  const { NameServer } = await installation.module<{ readonly NameServer: { start (): Promise<NameServer> } }>('srv-discovery/test/name-server.js')
  return await NameServer.start()
}
