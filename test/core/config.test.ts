/* eslint-disable no-template-curly-in-string -- runtime.toml's own variables */
import { mkdir } from 'node:fs/promises'
import { expect } from 'chai'
import { loadConfig } from '../../packages/core/src/config.ts'
import { createFolder, failureOf } from './config-folder.ts'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

describe('loadConfig', () => {
  it('has a default for every key', async () => {
    await using folder = await createFolder()
    const { config, path } = await folder.load()
    expect(path).to.equal(undefined)
    expect(config).to.deep.equal({
      node: { name: 'box', home: folder.join('.akshi') },
      dashboard: { port: 3210, bind: '0.0.0.0', auth: true, remote: false, rate_limit: 300, rate_limit_burst: 50 },
      mesh: {
        id: 'default',
        trust: 'known',
        peers: [],
        sync: { interval_secs: 10, batch_size: 50, max_lag_before_full_sync: 1000, fanout: 8, fallback_after_secs: 3, newest_first: false }
      },
      journal: { durability: 'fsync' },
      agents: [],
      telemetry: { log_level: 'info', log_format: 'pretty' },
      plugins: ['@akshi/plugin-http', '@akshi/plugin-fs', '@akshi/plugin-guard', '@akshi/plugin-mdns'].map((name) => ({ package: name, config: {} }))
    })
  })

  it('reads every section of a file', async () => {
    await using folder = await createFolder({
      'runtime.toml': `
        [node]
        name = "alpha"
        [[mesh.peers]]
        node_did = "${did}"
        endpoint = "[2001:db8::1]:51820"
        [[agents]]
        name = "planner"
        share = ["beta"]
        [[plugins]]
        package = "./my-carrier.mjs"
        [plugins.config]
        colour = "blue"
        since = 1979-05-27`
    })
    const { config, path } = await folder.load()
    expect(path).to.equal(folder.join('runtime.toml'))
    expect(config.node.name).to.equal('alpha')
    expect(config.mesh.peers).to.deep.equal([{ node_did: did, endpoint: '[2001:db8::1]:51820', dashboard_port: 3210 }])
    expect(config.agents).to.deep.equal([{ name: 'planner', share: ['beta'] }])
    expect(config.plugins.map(({ config, ...rest }) => ({ ...rest, colour: config['colour'] }))).to.deep.equal([{ package: './my-carrier.mjs', colour: 'blue' }])
  })

  it('loads no plugin when the file says plugins = []', async () => {
    await using folder = await createFolder({ 'runtime.toml': 'plugins = []' })
    expect((await folder.load()).config.plugins).to.deep.equal([])
  })

  it('makes a safe name from any host name', async () => {
    await using folder = await createFolder()
    const names = await Promise.all(['Laptop.local', '-a b_é-.x', '...', 'x'.repeat(80)].map(async (hostname) => (await folder.load({ hostname })).config.node.name))
    expect(names).to.deep.equal(['Laptop', 'a-b_', 'node', 'x'.repeat(63)])
  })

  it('freezes the configuration to its leaves and leaves the defaults alone', async () => {
    await using folder = await createFolder()
    const { config } = await folder.load()
    const plugin = config.plugins[0]
    expect([config, config.mesh.sync, config.mesh.peers, config.plugins, plugin, plugin?.config].every(Object.isFrozen)).to.equal(true)
    expect((await folder.load()).config.plugins[0]).to.not.equal(plugin)
  })
})

describe('loadConfig: finding the file', () => {
  it('climbs from the working folder to the root, past package.json', async () => {
    await using folder = await createFolder({ 'runtime.toml': '[node]\nname = "top"', 'a/package.json': '{}', 'a/b/c/other.toml': 'x =' })
    const { config, path } = await folder.load({ cwd: folder.join('a/b/c'), env: { HOME: folder.join('a/b') } })
    expect({ name: config.node.name, path }).to.deep.equal({ name: 'top', path: folder.join('runtime.toml') })
  })

  it('takes the nearest file, an empty one too', async () => {
    await using folder = await createFolder({ 'runtime.toml': '[node]\nname = "top"', 'a/runtime.toml': '' })
    expect((await folder.load({ cwd: folder.join('a') })).path).to.equal(folder.join('a/runtime.toml'))
  })

  it('prefers -c to the home folder, the home folder to the working folder, and that to ~/.akshi', async () => {
    await using folder = await createFolder({
      'given.conf': '[node]\nname = "given"',
      'home/runtime.toml': '[node]\nname = "home"',
      'work/runtime.toml': '[node]\nname = "work"',
      '.akshi/runtime.toml': '[node]\nname = "user"'
    })
    const nameOf = async (...options: Parameters<typeof folder.load>) => (await folder.load(...options)).config.node.name
    const cwd = folder.join('work')
    expect([
      await nameOf({ cwd, home: '../home', configPath: '../given.conf' }),
      await nameOf({ cwd, home: '../home' }),
      await nameOf({ cwd, env: { AKSHI_HOME_DIR: '~/home' } }),
      await nameOf({ cwd, flags: { 'node.home': folder.join('home') }, env: { AKSHI_HOME_DIR: '/nowhere' } }),
      await nameOf({ cwd }),
      await nameOf({ cwd, env: { AKSHI_HOME_DIR: '' } }),
      await nameOf()
    ]).to.deep.equal(['given', 'home', 'home', 'home', 'work', 'work', 'user'])
  })

  it('does not look elsewhere when the home folder that was given has no file', async () => {
    await using folder = await createFolder({ 'runtime.toml': '[node]\nname = "top"' })
    expect((await folder.load({ home: 'new' })).path).to.equal(undefined)
  })

  it('takes no other file name that cosmiconfig knows', async () => {
    await using folder = await createFolder({
      'package.json': '{ "akshi": { "node": { "name": "no" } } }', '.akshirc': '{ "node": { "name": "no" } }', 'akshi.config.mjs': 'throw new Error("run")'
    })
    expect((await folder.load()).path).to.equal(undefined)
  })

  it('names the path and the next step when -c names no file', async () => {
    await using folder = await createFolder()
    const { code, lines } = await failureOf(folder.load({ configPath: 'none.toml' }))
    expect(code).to.equal('MESH_CONFIG_NOT_FOUND')
    expect(lines.join()).to.include(folder.join('none.toml')).and.include('akshi init')
  })

  it('says so when the file cannot be read', async () => {
    await using folder = await createFolder()
    await mkdir(folder.join('runtime.toml'))
    const { code, lines } = await failureOf(folder.load({ home: folder.path }))
    expect({ code, named: lines[0]?.includes(folder.join('runtime.toml')) }).to.deep.equal({ code: 'MESH_CONFIG_INVALID', named: true })
  })
})

describe('loadConfig: layers', () => {
  const file = '[dashboard]\nport = 1\nbind = "::1"\nauth = false\nrate_limit = 5'

  it('lays environment over the file and flags over both, and tells where each value is from', async () => {
    await using folder = await createFolder({ 'runtime.toml': file })
    const { config, origins } = await folder.load({
      env: { AKSHI_DASHBOARD_PORT: '2', AKSHI_DASHBOARD_BIND: '127.0.0.1', AKSHI_MESH_SYNC_INTERVAL_SECS: '0.5', AKSHI_DASHBOARD_AUTH: 'true', AKSHI_DASHBOARD_RATE_LIMIT: '' },
      flags: { 'dashboard.port': 3, 'telemetry.log_level': 'debug', 'mesh.trust': undefined }
    })
    const { port, bind, auth, rate_limit: rateLimit } = config.dashboard
    expect({ port, bind, auth, rateLimit, interval: config.mesh.sync.interval_secs, level: config.telemetry.log_level })
      .to.deep.equal({ port: 3, bind: '127.0.0.1', auth: true, rateLimit: 5, interval: 0.5, level: 'debug' })
    expect(['dashboard.port', 'dashboard.bind', 'dashboard.rate_limit', 'mesh.trust', 'mesh.peers'].map((path) => origins.get(path)))
      .to.deep.equal(['flag', 'env', 'file', 'default', 'default'])
  })

  it('has short names for the home folder and the token', async () => {
    await using folder = await createFolder()
    const { config, origins } = await folder.load({ env: { AKSHI_HOME_DIR: '/srv/node', AKSHI_TOKEN: '12345' } })
    expect([config.node.home, config.dashboard.token, origins.get('node.home'), origins.get('dashboard.token')])
      .to.deep.equal(['/srv/node', '12345', 'env', 'env'])
  })

  it('resolves the home folder from the folder of the layer it is from', async () => {
    await using folder = await createFolder({ 'conf/runtime.toml': '[node]\nhome = "data"', 'conf/user.toml': '[node]\nhome = "~/data"' })
    const homeOf = async (...options: Parameters<typeof folder.load>) => (await folder.load(...options)).config.node.home
    expect([
      await homeOf({ configPath: 'conf/runtime.toml' }), await homeOf({ configPath: 'conf/user.toml' }),
      await homeOf({ home: 'data' }), await homeOf({ env: { AKSHI_HOME_DIR: '~' } })
    ]).to.deep.equal([folder.join('conf/data'), folder.join('data'), folder.join('data'), folder.path])
  })

  it('fills ${VAR} into strings of the file, and keeps how they were written', async () => {
    await using folder = await createFolder({
      'runtime.toml': '[dashboard]\ntoken = "${AKSHI_SECRET}"\n[mesh]\nid = "$${X}-$-${A}${B}"\n[[plugins]]\npackage = "p"\nconfig = { url = ["http://${A}"] }'
    })
    const { config, written } = await folder.load({ env: { AKSHI_SECRET: 's3cret', A: 'a', B: '${A}' } })
    expect([config.dashboard.token, config.mesh.id, config.plugins[0]?.config])
      .to.deep.equal(['s3cret', '${X}-$-a${A}', { url: ['http://a'] }])
    expect(written.get('plugins[0].config.url[0]')).to.equal('http://${A}')
  })

  it('takes the home of the process\'s user when the environment has none', async () => {
    await using folder = await createFolder()
    const { config } = await loadConfig({ cwd: folder.path, env: {}, flags: { 'node.home': '~/x' } })
    expect(config.node.home).to.match(/^\/.+\/x$/)
  })
})
