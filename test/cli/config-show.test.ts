import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Folder } from './support/command.ts'

/* eslint-disable no-template-curly-in-string -- TOML's */

const core = import.meta.resolve('@akshi/core')

describe('akshi config show', () => {
  let folder: Folder
  const path = () => join(folder.path, 'runtime.toml')
  beforeEach(async () => {
    folder = await Folder.create()
    await writeFile(join(folder.path, 'pigeon.mjs'), `import { definePlugin, Type } from '${core}'
      const config = Type.Object({ loft: Type.String({ description: 'Where.' }), pin: Type.String({ default: '1234', writeOnly: true, description: 'Secret.' }), birds: Type.Integer({ default: 3, description: 'Many.' }) }, { additionalProperties: false })
      export default definePlugin({ name: 'pigeon', apiVersion: 1, config, setup: () => { throw new Error('nothing is set up') } })`)
    await writeFile(path(), [
      '[node]', 'name = "alpha"', 'home = "."', '[dashboard]', 'port = 1', 'token = "hidden"', '[mesh]', 'secret = "${MESH_SECRET}"', '[[mesh.peers]]', 'node_did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"',
      '[[plugins]]', 'package = "./pigeon.mjs"', 'required = true', '[plugins.config]', 'loft = "here"'
    ].join('\n'))
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const env = () => ({ MESH_SECRET: 'very hidden indeed', AKSHI_DASHBOARD_PORT: '2' })

  it('shows every value as it counts, and no secret', async () => {
    const { code, stdout } = await folder.akshi(['config', 'show'], { env: env() })
    expect([code, stdout.includes('hidden')]).to.deep.equal([0, false])
    expect(stdout.split('\n')).to.include.members([
      'node.name = "alpha"', 'dashboard.port = 2', 'dashboard.token = (not shown)', 'mesh.secret = "${MESH_SECRET}"', 'mesh.peers[0].dashboard_port = 3210', 'mesh.sync.batch_size = 50',
      'plugins[0].package = "./pigeon.mjs"', 'plugins[0].required = true', 'plugins[0].config.loft = "here"', 'plugins[0].config.pin = (not shown)', 'plugins[0].config.birds = 3'
    ])
  })

  it('--origin says of each whether it is a default, or from which file, variable or flag', async () => {
    const { stdout } = await folder.akshi(['config', 'show', '--origin', '--home', folder.path], { env: env() })
    const originOf = (key: string) => stdout.split('\n').find((line) => line.startsWith(`${key} = `))?.split(' # ')[1]
    expect(['node.name', 'node.home', 'dashboard.port', 'dashboard.token', 'dashboard.bind', 'mesh.peers[0].node_did', 'plugins[0].required', 'plugins[0].config.loft', 'plugins[0].config.birds'].map(originOf))
      .to.deep.equal([path(), 'flag', 'AKSHI_DASHBOARD_PORT', path(), 'default', path(), path(), path(), 'default'])
  })

  it('--json has each by its key', async () => {
    const { values } = JSON.parse((await folder.akshi(['config', 'show', '--json'], { env: env() })).stdout) as { values: Record<string, unknown> }
    expect([values['dashboard.port'], values['dashboard.token']]).to.deep.equal([{ value: 2, isSecret: false, origin: 'env', variable: 'AKSHI_DASHBOARD_PORT' }, { isSecret: true, origin: 'file' }])
  })

  it('shows what is wrong instead, as config check does', async () => {
    const { code, stderr } = await folder.akshi(['config', 'show'], { env: { ...env(), AKSHI_DASHBOARD_PORT: 'x' } })
    expect([code, stderr.includes('AKSHI_DASHBOARD_PORT')]).to.deep.equal([3, true])
  })
})
