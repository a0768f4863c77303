import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { failureOf } from '../support/failures.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { publicPackages, root } from './support/packages.ts'
import { readReleasePlan } from './support/release-plan.ts'

/** The configuration and the manifests of this repository, to be changed. */
async function copyInto (folder: TemporaryFolder): Promise<void> {
  for (const path of ['package.json', 'pnpm-workspace.yaml', '.changeset/config.json', ...publicPackages.map((each) => `packages/${each.folder}/package.json`)]) {
    await mkdir(join(folder.path, path, '..'), { recursive: true })
    await cp(join(root, path), join(folder.path, path))
  }
}

describe('changesets', () => {
  it('make a plan for a release, each with a text for users', async () => {
    const { changesets } = await readReleasePlan()
    expect(changesets.filter(({ summary, releases }) => summary.length < 20 || releases.length === 0).map(({ id }) => id)).to.deep.equal([])
  })

  it('give all packages one version', async () => {
    await using folder = await temporaryFolder()
    await copyInto(folder)
    await writeFile(folder.join('.changeset/one.md'), '---\n"@akshi/plugin-fs": minor\n---\n\nThe folder is swept.\n')
    const { releases } = await readReleasePlan(folder.path)
    expect(releases.map(({ name }) => name)).to.have.members(publicPackages.map(({ manifest }) => manifest.name))
    expect(new Set(releases.map(({ newVersion }) => newVersion)).size).to.equal(1)
  })

  it('make no first major version while the packages stand below 1.0', async () => {
    const { releases } = await readReleasePlan()
    expect(releases.filter(({ name, type }) => type === 'major' && publicPackages.some(({ manifest }) => manifest.name === name && manifest.version.startsWith('0.')))).to.deep.equal([])
  })

  it('are refused when they name a package that there is not', async () => {
    await using folder = await temporaryFolder()
    await copyInto(folder)
    await writeFile(folder.join('.changeset/one.md'), '---\n"@akshi/plugin-pigeon": minor\n---\n\nPigeons.\n')
    expect(String(await failureOf(() => readReleasePlan(folder.path)))).to.include('@akshi/plugin-pigeon')
  })

  it('are about packages that are public on the registry', async () => {
    const { access } = JSON.parse(await readFile(join(root, '.changeset/config.json'), 'utf8')) as { readonly access: string }
    expect(access).to.equal('public')
  })
})
