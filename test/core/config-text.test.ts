/* eslint-disable no-template-curly-in-string -- runtime.toml's own variables */
import { expect } from 'chai'
import { configTable } from '@akshi/core'
import { runtimeSchema } from '../../packages/core/src/config-schema.ts'
import { commentedConfig } from '../../packages/core/src/config-text.ts'
import { createFolder } from './config-folder.ts'

describe('commentedConfig', () => {
  it('loads as the defaults', async () => {
    await using folder = await createFolder({ 'runtime.toml': commentedConfig({ name: 'box' }) })
    const { config, path } = await folder.load()
    expect(path).to.equal(folder.join('runtime.toml'))
    expect(config).to.deep.equal((await folder.load({ home: '.akshi' })).config)
  })

  it('sets what init was told, and nothing else', async () => {
    const text = commentedConfig({ name: 'alpha', home: '/srv/${x}', port: 3211, bind: '127.0.0.1', trust: 'lan', meshId: 'demo' })
    await using folder = await createFolder({ 'runtime.toml': text })
    const { config, origins } = await folder.load()
    expect([config.node, config.dashboard.port, config.dashboard.bind, config.mesh.trust, config.mesh.id])
      .to.deep.equal([{ name: 'alpha', home: '/srv/${x}' }, 3211, '127.0.0.1', 'lan', 'demo'])
    expect([...origins].filter(([, origin]) => origin === 'file').map(([path]) => path))
      .to.have.members(['node.name', 'node.home', 'dashboard.port', 'dashboard.bind', 'mesh.trust', 'mesh.id', 'plugins'])
  })

  it('comments a value out that equals the default', () => {
    const lines = commentedConfig({ name: 'alpha', port: 3210, trust: 'known' }).split('\n')
    expect(lines).to.include.members(['name = "alpha"', '#port = 3210', '#trust = "known"'])
  })

  it('loads with every key that is commented out taken in', async () => {
    const text = commentedConfig({ name: 'box' }).replaceAll(/^#(?! )/gm, '')
    await using folder = await createFolder({ 'runtime.toml': text })
    const { config, origins } = await folder.load({ env: { AKSHI_TOKEN: 'secret', AKSHI_MESH_SECRET: 'a secret of the mesh' } })
    expect([...origins].filter(([, origin]) => origin === 'default')).to.deep.equal([])
    expect([config.mesh.peers.length, config.agents.length, config.mesh.sync.batch_size]).to.deep.equal([1, 1, 50])
  })

  it('has each key of the schema, none without a value', () => {
    const text = commentedConfig({ name: 'box' })
    const keys = [...configTable(runtimeSchema).matchAll(/^\| `(.+?)` \| (.+?) \|/gm)].map(([, key = '', type]) => [key, type] as const)
    const single = keys.filter(([key, type]) => !key.startsWith('plugins') && !['mesh.peers', 'agents'].includes(key) && type !== 'table').map(([key]) => key)
    let section = ''
    const written = text.split('\n').flatMap((line) => {
      const [, brackets, name] = /^#?(\[\[?)?([a-z_.]+)(?:\]| = .)/.exec(line) ?? []
      if (brackets !== undefined) section = `${name}${brackets === '[[' ? '[]' : ''}`
      return brackets === undefined && name !== undefined ? [`${section}.${name}`] : []
    })
    expect(written.filter((key) => !key.startsWith('plugins'))).to.have.members(single)
    expect(text).not.to.match(/^#$/m)
  })

  it('explains each key in one line above it', () => {
    const lines = commentedConfig({ name: 'box' }).split('\n')
    const bare = lines.filter((line, index) => /^#?[a-z_]+ = /.test(line) && !line.startsWith('package') && !/^# .{10,}/.test(lines[index - 1] ?? ''))
    expect(bare).to.deep.equal([])
  })
})
