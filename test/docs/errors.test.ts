import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { meshErrorCodes } from '@akshi/core'
import { readDoc, tableBelow } from './vector-files.ts'

const packages = fileURLToPath(new URL('../../packages', import.meta.url))
const notSources = [join('core', 'src', 'errors.ts'), join('cli', 'src', 'exit-codes.ts')]

/** Every line of the packages' sources, but for the two files that list all codes. */
function sourceLines (): string[] {
  const files = readdirSync(packages).flatMap((name) => readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => join(name, 'src', file)))
  return files.filter((file) => file.endsWith('.ts') && !notSources.includes(file))
    .flatMap((file) => readFileSync(join(packages, file), 'utf8').split('\n'))
}

/** Codes that are made somewhere, rather than compared with. */
function codesMade (): Set<string> {
  const made = sourceLines().filter((line) => !/isMeshError\(|[!=]== 'MESH_/.test(line))
  return new Set(made.flatMap((line) => [...line.matchAll(/'(MESH_[A-Z_]+)'/g)].map(([, code = '']) => code)))
}

describe('docs/errors.md', () => {
  const rows = tableBelow(readDoc('errors.md'), '# Errors')

  it('has a row for each code, in their order, and for nothing else', () => {
    expect(rows.map(([code]) => code)).to.deep.equal(meshErrorCodes.map((code) => `\`${code}\``))
  })

  it('says of each when it comes and what to do', () => {
    expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).to.deep.equal([])
  })

  it('lists codes that are in alphabetical order and in use, and the sources make no others', () => {
    expect(meshErrorCodes.toSorted((a, b) => a.replaceAll('_', ' ') < b.replaceAll('_', ' ') ? -1 : 1)).to.deep.equal(meshErrorCodes)
    expect([...codesMade()].toSorted()).to.deep.equal(meshErrorCodes.toSorted())
  })
})
