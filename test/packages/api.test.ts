import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { AnyFinder } from './support/any-finder.ts'
import { makeApiReports, type ApiReport } from './support/api-report.ts'
import { publicPackages, root } from './support/packages.ts'
import { compareReports, explainDifference } from './support/report-difference.ts'

describe('the public surface', () => {
  let reports: readonly ApiReport[]
  before(async () => { reports = await makeApiReports() })

  for (const { folder, manifest: { name } } of publicPackages) {
    it(`of ${name} is what api/${folder}.api.md says`, () => {
      const { file = '', text = '', problems = [] } = reports.find((each) => each.folder === folder) ?? {}
      const difference = explainDifference(name, existsSync(file) ? readFileSync(file, 'utf8') : '', text)
      if (difference !== '') expect.fail(difference)
      expect(problems).to.deep.equal([])
    })
  }

  it('is reported for each package that is published, and for no other', () => {
    expect(readdirSync(join(root, 'api'))).to.have.members(publicPackages.map(({ folder }) => `${folder}.api.md`))
  })

  it('has no "any"', () => {
    const files = publicPackages.map(({ path }) => join(path, 'dist/index.d.ts'))
    const finder = new AnyFinder(files)
    expect(files.flatMap((file) => finder.find(file).map((place) => `${file}: ${place}`))).to.deep.equal([])
  })
})

describe('a report', () => {
  const kept = 'export interface Clock {\n    now(): number;\n}\n\nexport interface Timer {\n    cancel(): void;\n}\n'

  it('tells what is gone from what has come, and where', () => {
    const now = kept.replace('now(): number', 'now(): bigint').replace('cancel', 'stop')
    expect(compareReports(kept, now)).to.deep.equal({
      gone: ['Clock: now(): number;', 'Timer: cancel(): void;'], come: ['Clock: now(): bigint;', 'Timer: stop(): void;']
    })
  })

  it('asks for a chapter and a major changeset when something is gone, and always names its command', () => {
    const more = explainDifference('@akshi/core', kept, kept.replace('}', '    monotonic(): number;\n}'))
    expect(more).to.match(/ {2}\+ Clock: monotonic\(\): number;\nIs it meant\? pnpm build && pnpm api$/)
    const less = explainDifference('@akshi/core', kept, kept.replace('    now(): number;\n', ''))
    expect(less).to.match(/ {2}- Clock: now\(\): number;\n.*UPGRADING\.md and a major changeset.* pnpm build && pnpm api$/)
    const moved = explainDifference('@akshi/core', `import { Type } from 'typebox';\n${kept}`, `import { Type } from '@akshi/core';\n${kept}`)
    expect(moved).to.match(/ {2}\+ import .*\nIs it meant\?/)
    expect(explainDifference('@akshi/core', kept, kept)).to.equal('')
  })
})

describe('AnyFinder', () => {
  it('finds "any" wherever it hides, and only there', async () => {
    await using folder = await temporaryFolder()
    const file = folder.join('index.d.ts')
    await writeFile(file, `
      import type { Gone } from './gone.js'
      interface Inner { deep: Map<string, any> }
      type Found<T> = T extends string ? { found: T } : never
      export interface Member { value: any, readonly inner: readonly Inner[] }
      export declare function call (one: (two: any) => void): Promise<any>
      export declare class Made { #own; private hidden; constructor (from: any); [key: string]: unknown; get lost (): Gone }
      export type Indexed = Readonly<Record<string, any>>
      export type Either = string | { or: any }
      export declare const good: Found<'a'> & AsyncIterable<number> & { of: () => unknown }
      export {}`)
    expect(new AnyFinder([file]).find(file)).to.have.members([
      'Member.value', 'Member.inner<>.deep<>', 'call(one)(two)', 'call()<>', 'Made(from)', 'Made.lost', 'Indexed<><>', 'Either.or'
    ])
  })
})
