import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { configTable, definePlugin, isMeshError, loadPlugins, NoConfig, silentLogger, type Runtime } from '@akshi/core'
import { HookBoard } from '../../packages/core/src/hooks.ts'
import { firstPeer, installExample, makeNode, temporaryFolder } from './example-nodes.ts'
import { readDoc, tableBelow } from './vector-files.ts'

const text = readDoc('plugin-authors.md')
const readExample = (file: string) => readFileSync(new URL(`../../examples/static-discovery/${file}`, import.meta.url), 'utf8')

function describeNode (node: Runtime) {
  return [{ did: node.identity.did, addresses: [{ host: '127.0.0.1', port: Number(new URL(node.url).port) }] }]
}

describe('examples/static-discovery', () => {
  it('finds the nodes of its file, with no other discovery', async () => {
    await using folder = await temporaryFolder()
    await using beta = await makeNode(join(folder.path, 'beta'), 'beta', [])
    await beta.start()
    const file = join(folder.path, 'candidates.json')
    await writeFile(file, JSON.stringify(describeNode(beta)))
    const { plugin, met } = firstPeer()
    await using alpha = await makeNode(join(folder.path, 'alpha'), 'alpha', [await installExample(folder.path, 'static-discovery', { file }), plugin])
    await alpha.start()
    const { did, name, sources, trust } = await met
    expect({ did, name, sources, trust }).to.deep.equal({ did: beta.identity.did, name: 'beta', sources: ['static-discovery'], trust: 'trusted' })
  })

  it('reads the file again, from the home if the path is relative', async () => {
    await using folder = await temporaryFolder()
    await using beta = await makeNode(join(folder.path, 'beta'), 'beta', [])
    await beta.start()
    const { plugin, met } = firstPeer()
    const example = await installExample(folder.path, 'static-discovery', { file: 'candidates.json', interval_secs: 0.05 })
    await using alpha = await makeNode(join(folder.path, 'alpha'), 'alpha', [example, plugin])
    const file = join(folder.path, 'alpha/candidates.json')
    await writeFile(file, '[]')
    await alpha.start()
    await writeFile(file, JSON.stringify(describeNode(beta)))
    expect((await met).did).to.equal(beta.identity.did)
  })

  it('fails the start of a node that requires it with a file that makes no sense, under its own code, and leaves the home free', async () => {
    await using folder = await temporaryFolder()
    const example = { ...await installExample(folder.path, 'static-discovery', { file: 'candidates.json' }), required: true }
    for (const content of ['[{ "did": "did:key:nobody", "addresses": [] }]', 'no JSON']) {
      await using alpha = await makeNode(join(folder.path, 'alpha'), 'alpha', [example])
      await writeFile(join(folder.path, 'alpha/candidates.json'), content)
      const error = await alpha.start().catch((error: unknown) => error)
      expect(isMeshError(error, 'MESH_PLUGIN_START_FAILED') && [(error.cause as { code?: string }).code, error.message.includes('static-discovery')])
        .to.deep.equal(['STATIC_FILE_INVALID', true])
    }
  })

  it('leaves no timer when it stops', async () => {
    await using folder = await temporaryFolder()
    const { plugin, config } = await installExample(folder.path, 'static-discovery', { file: 'candidates.json' })
    await writeFile(join(folder.path, 'candidates.json'), '[]')
    const pending = new Set<object>()
    const timer = () => {
      const each = { cancel: () => pending.delete(each) }
      pending.add(each)
      return each
    }
    const { discovery } = plugin.setup({ config, settings: { home: folder.path }, clock: { timer }, logger: silentLogger } as never)
    await discovery?.start(() => {}, new AbortController().signal)
    const during = pending.size
    await discovery?.stop()
    expect([during, pending.size]).to.deep.equal([1, 0])
  })

  it('has its configuration checked', async () => {
    await using folder = await temporaryFolder()
    const error = await installExample(folder.path, 'static-discovery', { fil: 'x' }).catch((error: unknown) => error)
    expect(isMeshError(error, 'MESH_CONFIG_INVALID')).to.equal(true)
  })

  it('has a README with the table of its keys', async () => {
    await using folder = await temporaryFolder()
    const { plugin } = await installExample(folder.path, 'static-discovery', { file: 'x' })
    expect(readExample('README.md')).to.include(configTable(plugin.config))
  })
})

describe('docs/plugin-authors.md', () => {
  it('shows the example as it is', () => {
    expect(text).to.include('```js\n' + readExample('static-discovery.mjs') + '```')
  })

  it('begins with a plugin that loads and taps its hook', async () => {
    await using folder = await temporaryFolder()
    await installExample(folder.path, 'static-discovery', { file: 'x' })
    await writeFile(join(folder.path, 'greeter.mjs'), /```js\n(.*?)```/s.exec(text)?.[1] ?? '')
    const [greeter] = await loadPlugins([{ package: './greeter.mjs', config: {} }], { configDir: folder.path })
    const board = new HookBoard(silentLogger)
    greeter?.plugin.setup({ hooks: board.facade(), logger: silentLogger } as never)
    expect(board.hooks.onPeerDiscovered.taps.map(({ name }) => name)).to.deep.equal(['greeter'])
  })

  it('has a row for each token of the cradle, and for nothing else', async () => {
    await using folder = await temporaryFolder()
    let tokens: string[] = []
    const spy = definePlugin({
      name: 'spy',
      apiVersion: 1,
      config: NoConfig,
      setup: (cradle) => {
        tokens = Object.keys(cradle)
        return {}
      }
    })
    await using node = await makeNode(folder.path, 'alpha', [{ plugin: spy }])
    await node.start()
    expect(tableBelow(text, '### The cradle').map(([token]) => token).toSorted()).to.deep.equal(tokens.map((token) => `\`${token}\``).toSorted())
  })
})
