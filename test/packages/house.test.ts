import { mkdir, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { measureCode, median, sum } from './support/code-size.ts'
import { publicPackages } from './support/packages.ts'

/** More lines than these are a second plugin, or a reason to think again. */
const largestPlugins: Readonly<Record<string, number>> = {
  'plugin-a2a': 4_250, 'plugin-dht': 2_500, 'plugin-fs': 1_600, 'plugin-guard': 1_250, 'plugin-http': 2_750, 'plugin-mdns': 2_500, 'plugin-wireguard': 2_750
}

// The longest that lint lets pass is in eslint.house.mjs; this is about what is usual.
describe('the house', () => {
  const sizes = publicPackages.map(({ folder, path }) => ({ folder, ...measureCode(path) }))
  const table = sizes.map(({ folder, files, functions }) =>
    `\n  ${folder}: ${files.length} files of ${sum(files)} lines, half of them up to ${median(files)}, at most ${Math.max(...files)}; half of ${functions.length} functions up to ${median(functions)}, at most ${Math.max(...functions)}`).join('')
  const foldersWith = (fits: (size: typeof sizes[number]) => boolean) => sizes.filter(fits).map(({ folder }) => folder)

  it('has files of 40 to 120 lines, mostly', () => {
    expect(foldersWith(({ files }) => median(files) < 40 || median(files) > 120), table).to.deep.equal([])
  })

  it('has functions of about 8 lines or less, and nine of ten fit on half a screen', () => {
    expect(foldersWith(({ functions }) => median(functions) > 8), table).to.deep.equal([])
    expect(foldersWith(({ functions }) => functions.filter((length) => length > 20).length > functions.length / 10), table).to.deep.equal([])
  })

  it('has plugins that a stranger reads in an afternoon', () => {
    const plugins = sizes.filter(({ folder }) => folder.startsWith('plugin-'))
    expect(plugins.map(({ folder }) => folder)).to.have.members(Object.keys(largestPlugins))
    expect(plugins.filter(({ folder, files }) => sum(files) > (largestPlugins[folder] ?? 0)).map(({ folder }) => folder), table).to.deep.equal([])
  })
})

describe('measureCode', () => {
  it('counts lines of files, and of functions from their first to their last', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.join('src'))
    await writeFile(folder.join('src/one.ts'), 'export function one () {\n  return [1].map((value) => {\n    return value\n  })\n}\n\n')
    await writeFile(folder.join('src/two.ts'), 'class Two {\n  get two () {\n    return 2\n  }\n}\n')
    const { files, functions } = measureCode(folder.path)
    expect([files.toSorted(), functions.toSorted()]).to.deep.equal([[5, 6], [3, 5]])
    expect([median(files), median([3, 1, 2]), median([])]).to.deep.equal([6, 2, 0])
  })
})
