import { posix } from 'node:path'
import { expect } from 'chai'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { publicPackages, type Manifest } from './support/packages.ts'
import { explainSize, readSizes, sizeOf, type PackageSize } from './support/package-size.ts'
import { packedTarballs, type Tarball } from './support/tarball.ts'

/** Files of a tarball whose path fits. */
function pathsIn ({ files }: Tarball, fits: RegExp): string[] {
  return [...files.keys()].filter((path) => fits.test(path))
}

function sourcesOf ({ files }: Tarball, map: string): string[] {
  const { sources } = JSON.parse(files.get(map) ?? '{}') as { readonly sources: readonly string[] }
  return sources.map((source) => posix.join(posix.dirname(map), source))
}

for (const { manifest: { name } } of publicPackages) {
  describe(`the tarball of ${name}`, () => {
    let tarball: Tarball
    before(async () => {
      const found = (await packedTarballs()).find((each) => each.name === name)
      if (found === undefined) throw new Error(`${name} was not packed`)
      tarball = found
    })

    it('holds its licence, its README and its code', () => {
      expect([...tarball.files.keys()]).to.include.members(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'])
    })

    it('holds nothing that its users have no use for', () => {
      expect(pathsIn(tarball, /tsbuildinfo|^(?!templates\/).*\.test\.|(^|\/)(test|node_modules)\/(?<!^templates\/.*)|^\.|tsconfig(?<!^templates\/.*)/)).to.deep.equal([])
    })

    it('has a source for each map, and for all that was built', () => {
      const maps = pathsIn(tarball, /\.map$/)
      expect(maps.filter((map) => sourcesOf(tarball, map).some((source) => !tarball.files.has(source)))).to.deep.equal([])
      expect(pathsIn(tarball, /^dist\//).filter((path) => !tarball.files.has(path.replace(/^dist\//, 'src/').replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')))).to.deep.equal([])
    })

    it('names versions that a registry can find', () => {
      const { dependencies = {} } = JSON.parse(tarball.files.get('package.json') ?? '') as Manifest
      expect(Object.entries(dependencies).filter(([, version]) => !/^[\^~]?\d/.test(version))).to.deep.equal([])
    })

    it('pleases publint', async () => {
      const { messages, pkg } = await publint({ pack: { tarball: tarball.bytes.buffer }, strict: true })
      expect(messages.map((message) => formatMessage(message, pkg))).to.deep.equal([])
    })

    it('has types that modules find', async () => {
      expect(await tarball.typeProblems()).to.deep.equal([])
    })

    it('is the size that was planned', () => {
      const difference = explainSize(name, readSizes()[name] ?? { tarballBytes: 0, files: 0, parts: {} }, sizeOf(tarball))
      if (difference !== '') expect.fail(difference)
    })
  })
}

describe('the size budget', () => {
  const budget: PackageSize = { tarballBytes: 1000, files: 10, parts: { 'dist code': 2000, src: 3000 } }

  it('bears a tenth, and no more', () => {
    expect(explainSize('it', budget, { ...budget, tarballBytes: 1100, files: 9 })).to.equal('')
    expect(explainSize('it', budget, { ...budget, tarballBytes: 1101 })).to.match(/tarball bytes: 1000 -> 1101 \(\+10 %\)/)
    expect(explainSize('it', budget, { ...budget, files: 12 })).to.match(/files: 10 -> 12 \(\+20 %\)/)
  })

  it('says what has grown, and how to make it the plan', () => {
    expect(explainSize('it', budget, { tarballBytes: 2000, files: 10, parts: { 'dist code': 1500, src: 6000, pages: 7 } })).to.equal([
      'it is not the size that test/packages/sizes.json says:', '  tarball bytes: 1000 -> 2000 (+100 %)',
      '  dist code: 2000 -> 1500 (-25 %) bytes', '  src: 3000 -> 6000 (+100 %) bytes', '  pages: new, 7 bytes', 'Is it meant? pnpm build && pnpm sizes'
    ].join('\n'))
  })

  it('has a place for each package that is published, and for no other', () => {
    expect(Object.keys(readSizes())).to.have.members(publicPackages.map(({ manifest }) => manifest.name))
  })
})
