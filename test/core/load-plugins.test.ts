/* eslint-disable no-template-curly-in-string -- runtime.toml's own variables */
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { definePlugin } from '@akshi/core'
import { runtimeSchema } from '../../packages/core/src/config-schema.ts'
import { configurePlugins, loadPlugins } from '../../packages/core/src/load-plugins.ts'
import { createFolder, failureOf } from './config-folder.ts'

const core = new URL('../../packages/core/package.json', import.meta.url)
const typebox = pathToFileURL(createRequire(core).resolve('typebox')).href

/** The text of a plugin's module; its `setup` returns what tells it apart. */
function pluginText (name: string, mark = name): string {
  return `
    import { Type } from '${typebox}'
    const config = Type.Object({ port: Type.Integer({ default: 1 }), colour: Type.Optional(Type.String()) }, { additionalProperties: false })
    export default { name: '${name}', apiVersion: 1, config, setup: () => '${mark}' }`
}

function packageFiles (folder: string, name: string, exports: object, files: Readonly<Record<string, string>>) {
  const base = `${folder}/node_modules/${name}`
  return Object.fromEntries([
    [`${base}/package.json`, JSON.stringify({ name, type: 'module', exports })],
    ...Object.entries(files).map(([file, text]) => [`${base}/${file}`, text])
  ])
}

const entry = (name: string, config = {}) => ({ package: name, config })

/** What `setup` says of each plugin that was loaded. */
async function marksOf (names: readonly string[], options: Parameters<typeof loadPlugins>[1]): Promise<unknown[]> {
  const loaded = await loadPlugins(names.map((name) => entry(name)), options)
  return loaded.map(({ plugin }) => plugin.setup({} as never))
}

describe('loadPlugins', () => {
  it('imports packages, paths and file URLs, in order, and freezes their configuration with its defaults', async () => {
    await using folder = await createFolder({
      ...packageFiles('conf', '@me/a', { default: './a.js' }, { 'a.js': pluginText('a') }),
      'conf/b.mjs': pluginText('b'),
      'c.mjs': pluginText('c'),
      'd.mjs': pluginText('d')
    })
    const names = ['../c.mjs', '@me/a', pathToFileURL(folder.join('d.mjs')).href, './b.mjs']
    const loaded = await loadPlugins(names.map((name) => entry(name, { colour: name })), { configDir: folder.join('conf') })
    expect(loaded.map(({ plugin, package: from, config }) => [plugin.name, from, config])).to.deep.equal(
      names.map((name, index) => ['cadb'[index], name, { port: 1, colour: name }]))
    expect(loaded.every((plugin) => Object.isFrozen(plugin) && Object.isFrozen(plugin.config))).to.equal(true)
  })

  it('loads a package by whichever condition of import it exports', async () => {
    const files = { 'x.js': pluginText('x'), 'y.js': pluginText('y', 'wrong'), 'sub/x.js': pluginText('sub') }
    await using folder = await createFolder({
      ...packageFiles('.', 'only-import', { import: './x.js' }, files),
      ...packageFiles('.', 'nested', { '.': { browser: './y.js', node: { import: './x.js' } }, './sub': { import: './sub/x.js' } }, files),
      ...packageFiles('.', 'only-default', { '.': { types: './x.d.ts', default: './x.js' } }, files)
    })
    const options = { configDir: folder.path }
    expect(await marksOf(['only-import'], options)).to.deep.equal(['x'])
    expect(await marksOf(['nested'], options)).to.deep.equal(['x'])
    expect(await marksOf(['nested/sub'], options)).to.deep.equal(['sub'])
    expect(await marksOf(['only-default'], options)).to.deep.equal(['x'])
  })

  it('follows the conditions that the process was started with', async () => {
    await using folder = await createFolder(packageFiles('.', 'p', { source: './source.js', default: './built.js' }, { 'source.js': pluginText('p', 'source'), 'built.js': pluginText('p', 'built') }))
    expect(await marksOf(['p'], { configDir: folder.path })).to.deep.equal(['source'])
  })

  it('looks for packages in the fallback folder next, but not for paths', async () => {
    await using folder = await createFolder({
      ...packageFiles('cli', 'p', { default: './p.js' }, { 'p.js': pluginText('p', 'fallback') }),
      ...packageFiles('cli', 'q', { default: './q.js' }, { 'q.js': pluginText('q', 'fallback') }),
      ...packageFiles('conf', 'p', { default: './p.js' }, { 'p.js': pluginText('p', 'own') }),
      'cli/r.mjs': pluginText('r')
    })
    const options = { configDir: folder.join('conf'), fallbackDir: pathToFileURL(folder.join('cli/')) }
    expect(await marksOf(['p', 'q'], options)).to.deep.equal(['own', 'fallback'])
    expect((await failureOf(marksOf(['./r.mjs'], options))).code).to.equal('MESH_PLUGIN_NOT_FOUND')
  })

  it('imports the module that everybody else imports: there is one core', async () => {
    const { default: plugin } = await import('@akshi/plugin-mdns')
    const [loaded] = await loadPlugins([entry('@akshi/plugin-mdns')], { configDir: tmpdir(), fallbackDir: new URL('../../packages/cli/', import.meta.url) })
    expect(loaded?.plugin).to.equal(plugin)
  })

  it('says where it looked for a plugin that is not there, what may be meant, and how to get it', async () => {
    await using folder = await createFolder()
    const options = { configDir: folder.path, fallbackDir: '/nowhere' }
    const told = async (name: string) => {
      const { code, lines } = await failureOf(loadPlugins([entry(name)], options))
      expect(code).to.equal('MESH_PLUGIN_NOT_FOUND')
      return lines.join('\n')
    }
    expect(await told('@akshi/plugin-mdsn')).to.equal(`There is no plugin "@akshi/plugin-mdsn"; looked from ${folder.path} and /nowhere. Did you mean "@akshi/plugin-mdns"? To install it: npm install @akshi/plugin-mdns`)
    expect(await told('http')).to.include('Did you mean "@akshi/plugin-http"?')
    expect(await told('other')).to.match(/nowhere\. To install it: npm install other$/)
    expect(await told('./none.mjs')).to.match(/Paths start at the folder of runtime\.toml\.$/)
  })

  it('names a plugin that cannot be imported, and keeps the cause', async () => {
    await using folder = await createFolder({
      'throws.mjs': 'throw new Error("boom")',
      'broken.mjs': 'expo rt {}',
      'needs.mjs': 'import "not-installed"',
      ...packageFiles('.', 'unbuilt', { default: './dist/index.js' }, {}),
      ...packageFiles('.', 'closed', { './other': './x.js' }, {})
    })
    const told = async (name: string) => {
      const { code, lines } = await failureOf(loadPlugins([entry(name)], { configDir: folder.path }))
      expect([code, lines[0]?.startsWith(`Plugin "${name}" cannot be imported: `)]).to.deep.equal(['MESH_PLUGIN_INVALID', true])
      return lines.join('\n')
    }
    expect(await told('./throws.mjs')).to.include('boom')
    expect(await told('./broken.mjs')).to.include('Unexpected')
    expect(await told('./needs.mjs')).to.include('not-installed')
    expect(await told('unbuilt')).to.include('dist/index.js')
    expect(await told('closed')).to.include('exports')
    const error = await loadPlugins([entry('./throws.mjs')], { configDir: folder.path }).catch((error: unknown) => error)
    expect((error as { cause?: { message?: string } }).cause?.message).to.equal('boom')
  })

  it('refuses a module that is no plugin', async () => {
    await using folder = await createFolder({ 'x.mjs': 'export const name = "x"' })
    const { code, lines } = await failureOf(loadPlugins([entry('./x.mjs')], { configDir: folder.path }))
    expect([code, lines.join().includes('./x.mjs')]).to.deep.equal(['MESH_PLUGIN_INVALID', true])
  })
})

describe('configurePlugins', () => {
  const plugin = definePlugin({ name: 'one', apiVersion: 1, config: runtimeSchema.properties.dashboard, setup: () => ({}) })
  const problemsOf = async (...args: Parameters<typeof configurePlugins>) => (await failureOf(Promise.resolve().then(() => configurePlugins(...args)))).lines

  it('takes plugins as objects, and leaves what it was given alone', () => {
    const config = Object.freeze({ port: 1 })
    const [loaded] = configurePlugins([{ plugin, config }])
    expect([loaded?.package, loaded?.config['port'], loaded?.config['bind']]).to.deep.equal(['one', 1, '0.0.0.0'])
    expect(config).to.deep.equal({ port: 1 })
    expect(configurePlugins([{ plugin }])[0]?.config['port']).to.equal(3210)
  })

  it('tells all problems of all plugins at once, by key path', async () => {
    const two = { ...plugin, name: 'two' }
    expect(await problemsOf([
      { plugin, config: { port: 'x', ports: 1 } }, { plugin: two, config: { port: '12', token: 3 } }, { plugin }
    ], new Map([['plugins[1].config.port', '${SECRET}']]))).to.have.members([
      'plugins[0].config.port: expected integer, got "x"',
      'plugins[0].config.ports: unknown key; did you mean "port"?',
      'plugins[1].config.port: expected integer, got "${SECRET}"',
      'plugins[1].config.token: expected string, got a secret that is not shown',
      'plugins[2]: a second plugin named "one", like plugins[0]; remove one'
    ])
  })

  it('refuses a plugin made for other contracts, and says which of the two to update', async () => {
    const refusal = async (apiVersion: unknown) => {
      const { code, lines } = await failureOf(Promise.resolve().then(() => configurePlugins([{ plugin: { ...plugin, apiVersion } as never }])))
      expect(code).to.equal('MESH_PLUGIN_INVALID')
      return lines.join('\n')
    }
    expect(await refusal(2)).to.include('it was made for version 2 of the contracts ("apiVersion"), and this core has version 1: update Akshi, or')
    expect(await refusal(0)).to.include('install a newer version of the plugin')
    expect(await refusal('1')).to.include('"apiVersion" is "1"; write apiVersion: 1')
    expect(await refusal(undefined)).to.include('"apiVersion" is missing; write apiVersion: 1')
  })

  it('notes whether the node must have it: as its entry says, else as the plugin says, else not', () => {
    const required = (entry?: boolean, own?: boolean) => configurePlugins([{ plugin: { ...plugin, ...own !== undefined && { required: own } }, config: { port: 1 }, required: entry }]).map((loaded) => loaded.required)
    expect([required(), required(undefined, true), required(false, true), required(true, false)]).to.deep.equal([[false], [true], [false], [true]])
  })
})
