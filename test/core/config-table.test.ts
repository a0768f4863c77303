import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { variableFor } from '../../packages/core/src/config-layers.ts'
import { firstPartyPlugins, runtimeSchema } from '../../packages/core/src/config-schema.ts'
import { configTable } from '../../packages/core/src/config-table.ts'

const page = new URL('../../docs/configuration.md', import.meta.url)

describe('configTable', () => {
  it('has a row for each key, with type, default and description', () => {
    const schema = {
      type: 'object',
      required: ['url', 'level', 'hosts'],
      properties: {
        url: { type: 'string', description: 'Where it is.' },
        level: { enum: ['a|b', 2], default: 2, description: 'How\nmuch.' },
        inner: { type: 'object', properties: { on: { type: 'boolean', description: 'Whether.' } } },
        hosts: { type: 'array', default: [], description: 'Hosts.', items: { type: 'object', required: ['name'], properties: { name: { type: 'string', description: 'Its name.' } } } },
        when: { type: 'number', defaultText: 'now', description: 'When.' }
      }
    }
    expect(configTable(schema).split('\n')).to.deep.equal([
      '| Key | Type | Default | Description |',
      '| --- | --- | --- | --- |',
      '| `url` | string | required | Where it is. |',
      '| `level` | "a\\|b" or 2 | `2` | How much. |',
      '| `inner.on` | boolean | none | Whether. |',
      '| `hosts` | array | `[]` | Hosts. |',
      '| `hosts[].name` | string | required | Its name. |',
      '| `when` | number | now | When. |'
    ])
  })
})

describe('docs/configuration.md', () => {
  it('holds the table of the schema (rewrite it with UPDATE_DOCS=1)', async () => {
    const text = await readFile(page, 'utf8')
    const current = text.replace(/\| Key \|(.*\n)*?(?=\n)/, () => `${configTable(runtimeSchema)}\n`)
    if (process.env['UPDATE_DOCS'] === '1') await writeFile(page, current)
    else expect(text).to.equal(current)
  })

  it('names the plugins of a file that names none', async () => {
    const [, sentence = ''] = /without any `\[\[plugins\]\]` it is\n(.*?)\.\n/s.exec(await readFile(page, 'utf8')) ?? []
    expect([...sentence.matchAll(/`(.+?)`/g)].map(([, name]) => name)).to.deep.equal(firstPartyPlugins)
  })

  it('names the variables as they are', async () => {
    const text = await readFile(page, 'utf8')
    const named = [...text.matchAll(/`(AKSHI_[A-Z_]+)`\s+sets\s+`([a-z_.]+)`/g)].map(([, name, path]) => [name, path])
    expect(named).to.have.length.above(3)
    expect(named.filter(([name, path]) => name !== variableFor(path ?? ''))).to.deep.equal([])
  })
})

describe('the schema of runtime.toml', () => {
  it('describes every key and refuses unknown ones everywhere', () => {
    const parts = listParts(runtimeSchema, '')
    const isKey = (path: string) => path !== '' && !path.endsWith('[]')
    expect(parts.filter(({ path, part }) => isKey(path) && typeof part['description'] !== 'string')).to.deep.equal([])
    expect(parts.filter(({ part }) => part['properties'] !== undefined && part['additionalProperties'] !== false)).to.deep.equal([])
  })
})

type Part = Readonly<Record<string, unknown>>

function listParts (part: object, path: string): { path: string, part: Part }[] {
  const { properties = {}, items } = part as { properties?: Record<string, object>, items?: object }
  return [
    { path, part: part as Part },
    ...Object.entries(properties).flatMap(([key, inner]) => listParts(inner, `${path}.${key}`)),
    ...items === undefined ? [] : listParts(items, `${path}[]`)
  ]
}
