import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import plugin from '@akshi/plugin-http'

describe('README of plugin-http', () => {
  it('has the configuration table that the schema makes', () => {
    const readme = readFileSync(new URL('../../packages/plugin-http/README.md', import.meta.url), 'utf8')
    const rows = Object.entries(plugin.config.properties).map(([key, schema]) => {
      const { default: value, description } = schema as { default?: unknown, description?: string }
      return `| \`${key}\` | ${JSON.stringify(value)} | ${description} |`
    })
    expect(rows.filter((row) => !readme.includes(row))).to.deep.equal([])
  })
})
