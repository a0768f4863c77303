import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { discoveryCases, transportCases, type ConformanceCase } from '@akshi/testkit'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const text = readFileSync(join(root, 'docs/plugin-authors.md'), 'utf8')
const section = /### Conformance\n(.*?)\n## /s.exec(text)?.[1] ?? ''

/** The rows below a bold line, as the docs have them. */
function rowsBelow (title: string): readonly string[] {
  const [, rest = ''] = section.split(`**${title}**`)
  return rest.trim().split('\n\n')[0]?.split('\n').slice(2) ?? []
}

function rowsOf (cases: readonly ConformanceCase<never>[]): readonly string[] {
  return cases.map(({ name, promise }) => `| ${name} | ${promise} |`)
}

describe('docs/plugin-authors.md, Conformance', () => {
  const reaches = { peer: 'Transports, one peer at the other end', shared: 'Transports, everybody at the other end', any: 'All transports' }
  for (const [reach, title] of Object.entries(reaches)) {
    it(`lists the cases of transports of reach "${reach}"`, () => {
      expect(rowsBelow(title)).to.deep.equal(rowsOf(transportCases.filter((each) => each.reach === reach)))
    })
  }

  it('lists the cases of discoveries', () => {
    expect(rowsBelow('Discoveries')).to.deep.equal(rowsOf(discoveryCases))
  })

  it('is one that the sources of the cases stand in', () => {
    const files = new Set([...transportCases, ...discoveryCases].flatMap(({ source }) => source.match(/[\w/-]+\.(ts|md)/g) ?? []))
    const headings = ['Contracts', 'What setup does', 'Errors and logs'].map((heading) => text.includes(`### ${heading}\n`))
    expect([[...files].sort(), headings]).to.deep.equal([['announcer.ts', 'discovery.ts', 'docs/plugin-authors.md', 'transport.ts'], [true, true, true]])
  })

  it('has lines for node:test that run as they stand', async () => {
    const code = section.match(/```js\n(import test from 'node:test'.*?)```/s)?.[1]?.replace('./index.mjs', '@akshi/plugin-http') ?? ''
    const env = { ...process.env }
    delete env.NODE_TEST_CONTEXT
    const args = ['--import', 'tsx/esm', '--conditions', 'source', '--input-type', 'module', '--test-reporter', 'tap', '--test-name-pattern', 'stops before start', '--eval', code]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
    expect([/^ok \d+ - stops before start, and twice$/m.test(stdout), /^# fail (\d+)/m.exec(stdout)?.[1]]).to.deep.equal([true, '0'])
  })
})
