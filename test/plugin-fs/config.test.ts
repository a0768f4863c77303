import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { Checks, createIdentity, silentLogger, systemClock, systemRandom } from '@akshi/core'
import plugin, { FsConfig } from '@akshi/plugin-fs'
import { expect } from 'chai'
import { resolveDir } from '../../packages/plugin-fs/src/config.ts'
import { folderMode } from '../../packages/plugin-fs/src/disk.ts'
import { digestSeqs, filesIn, meshId, never, newChain, push, Shelter } from './support.ts'

describe('plugin-fs', () => {
  const shelter = new Shelter()
  afterEach(() => shelter.close())

  it('is a plugin named fs', () => {
    expect([plugin.name, plugin.apiVersion, plugin.config]).to.deep.equal(['fs', 1, FsConfig])
  })

  it('makes a transport for the folder, modes and mesh that are configured', async () => {
    const dir = await shelter.folder()
    const settings = { home: dirname(dir), meshId }
    const config = { dir: 'shared', poll_interval_secs: 1, file_mode: '0640' }
    const checks = new Checks(systemClock)
    const { transport } = plugin.setup({ config, settings, checks, identity: createIdentity(), clock: systemClock, random: systemRandom, logger: silentLogger } as never)
    const link = await transport!.connect({ kind: 'shared' }, never)
    await push(link, newChain(1))
    const [file] = await filesIn(dir) as [string]
    expect((await checks.run()).map(({ topic, message }) => [topic, message.startsWith(`${dir} can be written`)])).to.deep.equal([['folder', true]])
    expect([(await stat(file)).mode & 0o777, await digestSeqs(await shelter.link(dir))]).to.deep.equal([0o640, { 'notes/log': [1] }])
  })

  it('lists its configuration in its README as in its schema', async () => {
    const readme = await readFile(new URL('../../packages/plugin-fs/README.md', import.meta.url), 'utf8')
    const rows = Object.entries(FsConfig.properties)
      .map(([key, schema]) => `| \`${key}\` | ${schema.type} | \`${JSON.stringify((schema as { default?: unknown }).default)}\` | ${(schema as { description?: string }).description} |`)
    expect(readme).to.include(['| Key | Type | Default | Description |', '| --- | --- | --- | --- |', ...rows, ''].join('\n'))
  })

  it('finds its folder from the home of the node and of the user', () => {
    const paths = ['shared', '/mnt/x', '~/x', '~', '~x'].map((dir) => resolveDir(dir, '/home/node'))
    expect(paths).to.deep.equal(['/home/node/shared', '/mnt/x', `${homedir()}/x`, homedir(), '/home/node/~x'])
  })

  it('takes modes that let the owner read and write and nobody execute', () => {
    const pattern = new RegExp((FsConfig.properties.file_mode as { pattern?: string }).pattern ?? '')
    expect(['0600', '660', '0644', '0700', '0400', '0661', 'rw'].filter((mode) => pattern.test(mode))).to.deep.equal(['0600', '660', '0644'])
  })

  it('lets those enter a folder who may read its files', () => {
    expect([0o600, 0o660, 0o640, 0o666].map(folderMode)).to.deep.equal([0o700, 0o770, 0o750, 0o777])
  })
})
