import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { configTable } from '@akshi/core'
import plugin from '@akshi/plugin-a2a'

describe('packages/plugin-a2a/README.md', () => {
  it('holds the table of the schema', async () => {
    expect(await readFile(new URL('../../packages/plugin-a2a/README.md', import.meta.url), 'utf8')).to.include(configTable(plugin.config))
  })
})
