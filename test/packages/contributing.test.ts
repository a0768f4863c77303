import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { plainEnvironment } from '../examples/support/installation.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { publicPackages, readManifest, root, type Manifest } from './support/packages.ts'
import { readReleasePlan } from './support/release-plan.ts'

const run = promisify(execFile)
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
const { scripts = {} } = readManifest(join(root, 'package.json'))
const hasGit = spawnSync('git', ['--version']).status === 0

/** The lines of the blocks of a language. */
function linesOf (language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].flatMap(([, block = '']) => block.trimEnd().split('\n'))
}

/** Why a command cannot be given in a checkout; nothing when it can. */
function faultOf (command: string): string | undefined {
  const [, script = ''] = /^npm (?:run )?([\w-]+)/.exec(command) ?? []
  if (script === '') return command === 'cd akshi-mesh' || publicPackages.every(({ manifest }) => manifest.repository?.url === command.replace('git clone ', 'git+')) ? undefined : 'nobody knows it'
  if (scripts[script] === undefined) return `there is no script ${script}`
  return command.split(' ').find((word) => word.includes('/') && !existsSync(join(root, word)))
}

async function git (folder: string, ...words: string[]): Promise<void> {
  await run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...words], { cwd: folder })
}

describe('CONTRIBUTING.md', () => {
  it('names commands that there are', () => {
    const commands = linesOf('sh')
    expect(commands).to.include('npm test')
    expect(commands.map((command) => [command, faultOf(command)]).filter(([, fault]) => fault !== undefined)).to.deep.equal([])
    expect([...text.matchAll(/`(?:npm run|pnpm) ([\w-]+)[^`]*`/g)].map(([, script = '']) => script).filter((script) => scripts[script] === undefined)).to.deep.equal([])
  })

  it('has each folder of the checkout, and no other', () => {
    const folders = linesOf('text').map((line) => line.split(/ {2,}/)[0] ?? '')
    expect(folders.filter((folder) => !existsSync(join(root, folder.replace('*', 'http'))))).to.deep.equal([])
    const listed = folders.map((folder) => folder.split('/')[0])
    const there = readdirSync(join(root), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
    expect(there.filter((name) => !listed.includes(name) && !['.git', '.github', 'node_modules', 'coverage'].includes(name))).to.deep.equal([])
  })

  it('shows a test as it stands', () => {
    const [, file = '', example = ''] = /<!-- (\S+) -->\n```ts\n([^]*?)```/.exec(text) ?? []
    expect(readFileSync(join(root, file), 'utf8')).to.include(example)
  })

  it('runs one file of tests as it says', async () => {
    const command = linesOf('sh').find((line) => line.startsWith('npm run spec -- '))?.split(' ').slice(1) ?? []
    const { stdout } = await run('npm', command, { cwd: root, env: plainEnvironment() })
    expect(stdout).to.match(/ {2}3 passing/)
  })

  it('makes versions and changelogs of changesets as it says', async function () {
    if (!hasGit) return this.skip()                       // it asks git when a changeset came
    await using folder = await temporaryFolder()
    for (const path of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', '.changeset/config.json', ...publicPackages.map((each) => `packages/${each.folder}/package.json`)]) await cp(join(root, path), folder.join(path))
    await writeFile(folder.join('.changeset/one.md'), '---\n"@akshi/plugin-fs": minor\n---\n\nThe folder is swept.\n')
    await git(folder.path, 'init', '-q', '-b', 'main')
    await git(folder.path, 'add', '.')
    await git(folder.path, 'commit', '-q', '-m', 'one')
    const [planned] = (await readReleasePlan(folder.path)).releases
    expect(scripts['version']).to.equal('changeset version')
    await run(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version'], { cwd: folder.path, env: plainEnvironment() })
    const manifests = await Promise.all(publicPackages.map(async (each) => JSON.parse(await readFile(folder.join(`packages/${each.folder}/package.json`), 'utf8')) as Manifest))
    expect(new Set(manifests.map(({ version }) => version))).to.deep.equal(new Set([planned?.newVersion]))
    expect(await readFile(folder.join('packages/plugin-fs/CHANGELOG.md'), 'utf8')).to.include('The folder is swept.')
  })
})
