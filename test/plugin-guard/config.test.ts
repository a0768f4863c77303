import { readFile } from 'node:fs/promises'
import { configTable } from '@akshi/core'
import plugin, { GuardConfig } from '@akshi/plugin-guard'
import { expect } from 'chai'

describe('plugin-guard', () => {
  it('is a plugin named guard', () => {
    expect([plugin.name, plugin.apiVersion, plugin.config]).to.deep.equal(['guard', 1, GuardConfig])
  })

  it('lists its configuration in its README as in its schema', async () => {
    const readme = await readFile(new URL('../../packages/plugin-guard/README.md', import.meta.url), 'utf8')
    expect(readme).to.include(configTable(GuardConfig))
  })
})
