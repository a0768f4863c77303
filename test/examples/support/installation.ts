import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const npm = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error']
/** What npm says of a registry that it cannot reach. */
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/

interface Manifest {
  readonly name: string
  readonly packageManager?: string
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface RunOptions {
  readonly cwd?: string
  /** Default: as long as it takes. */
  readonly timeoutMs?: number
}

/** A folder in which the packages of this repository were installed from their tarballs, as a stranger would, with some examples. */
export class Installation {
  readonly #folder: TemporaryFolder

  private constructor (folder: TemporaryFolder) {
    this.#folder = folder
  }

  get path (): string { return this.#folder.path }

  /** Packs and installs; resolves to the reason when the registry cannot be reached. */
  static async make (examples: readonly string[]): Promise<Installation | string> {
    const folder = await temporaryFolder()
    const [installation, tarballs] = [new Installation(folder), folder.join('tarballs')]
    try {
      await mkdir(tarballs)
      await Promise.all([packPackages(tarballs), ...examples.map((name) => packExample(name, tarballs))])
      await writeFile(folder.join('package.json'), '{ "private": true, "type": "module" }')
      const packed = (await readdir(tarballs)).map((name) => join(tarballs, name))
      await run('npm', ['install', ...npm, ...packed, ...await testTools(examples)], { cwd: folder.path, env: plainEnvironment() })
      for (const name of examples) await cp(join(root, 'examples', name), folder.join(name), { recursive: true, filter: (path) => !path.includes('node_modules') })
      return installation
    } catch (error) {
      await installation[Symbol.asyncDispose]()
      const { stderr = '' } = error as { readonly stderr?: string }
      if (unreachable.test(stderr)) return `the registry of npm cannot be reached: ${unreachable.exec(stderr)?.[0]}`
      throw error
    }
  }

  /** Runs a program here, to its end. Rejects, with what it wrote, when it fails or takes too long. */
  async run (program: string, words: readonly string[], { cwd = this.path, timeoutMs = 0 }: RunOptions = {}): Promise<string> {
    const { stdout } = await run(program, [...words], { cwd, env: plainEnvironment(), timeout: timeoutMs }).catch((error: { readonly stdout: string, readonly stderr: string }) => {
      throw new Error(`${program} ${words.join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error })
    })
    return stdout
  }

  /** The packages of this repository as they were installed, each with what it lacks. */
  async packages (): Promise<readonly { readonly name: string, readonly lacks: readonly string[] }[]> {
    const scope = join(this.path, 'node_modules/@akshi')
    return await Promise.all((await readdir(scope)).map(async (name) => ({ name, lacks: await lacksOf(join(scope, name)) })))
  }

  /** A module of an example, as it stands here. */
  async module<Module> (path: string): Promise<Module> {
    return await import(join(this.path, path)) as Module
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.#folder[Symbol.asyncDispose]()
  }
}

async function lacksOf (folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8')
  const { exports, bin = {} } = JSON.parse(text) as { readonly exports: { readonly '.': Readonly<Record<string, string>> }, readonly bin?: Readonly<Record<string, string>> }
  const files = ['LICENSE', 'README.md', exports['.'].types ?? 'types', ...Object.values(exports['.']), ...Object.values(bin)]
  return [...files.filter((file) => !existsSync(join(folder, file))), ...text.includes('workspace:') ? ['versions in the place of "workspace:"'] : []]
}

/** Without what the test runner and we have set: the installation must stand by itself. A registry that cannot be reached is not tried again for minutes. */
export function plainEnvironment (): NodeJS.ProcessEnv {
  const own = /^(AKSHI_|npm_|NODE_PATH$|NODE_OPTIONS$|TEST_COUNTS_FILE$)/
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))), NO_COLOR: '1', npm_config_fetch_retries: '0' }
}

/** Packs the packages of this repository into a folder. It is pnpm that does: it writes versions in the place of "workspace:". */
export async function packPackages (into: string): Promise<void> {
  const { packageManager = 'pnpm' } = await readManifest('package.json')
  await run('npx', ['-y', '--prefer-offline', packageManager, '--recursive', '--filter', './packages/**', 'pack', '--pack-destination', into], { cwd: root, env: plainEnvironment() })
}

async function packExample (name: string, into: string): Promise<void> {
  await run('npm', ['pack', ...npm, '--pack-destination', into], { cwd: join(root, 'examples', name), env: plainEnvironment() })
}

/** What the tests of the examples, and of plugins that the scaffold writes, need besides. */
async function testTools (examples: readonly string[]): Promise<string[]> {
  const manifests = await Promise.all(['packages/cli/templates/common/package.template.json', ...examples.map((name) => `examples/${name}/package.json`)].map(readManifest))
  const tools = new Map(manifests.flatMap(({ devDependencies = {} }) => Object.entries(devDependencies)))
  return [...tools].filter(([name]) => !name.startsWith('@akshi/')).map(([name, version]) => `${name}@${version}`)
}

async function readManifest (path: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, path), 'utf8')) as Manifest
}
