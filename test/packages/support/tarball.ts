import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { packPackages } from '../../examples/support/installation.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { Manifest } from './packages.ts'

/** A package as it would be published. */
export interface Tarball {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Paths in the package, each with what it holds. */
  readonly files: ReadonlyMap<string, string>
  /** What @arethetypeswrong/cli says with `--profile esm-only`. */
  typeProblems (): Promise<readonly string[]>
}

/** The part of @arethetypeswrong/core that is used here. Only its command is installed by name, and one process each takes long. */
interface TypeChecks {
  createPackageFromTarballData (bytes: Uint8Array): Unpacked
  checkPackage (unpacked: Unpacked): Promise<{ readonly problems?: readonly Problem[] }>
}
interface Unpacked {
  listFiles (): string[]
  readFile (path: string): string
}
interface Problem { readonly kind: string, readonly resolutionKind?: string, readonly resolutionOption?: string }

const notForModules = ['node10', 'node16-cjs']

/** Packs all packages, once for the process. */
export function packedTarballs (): Promise<readonly Tarball[]> {
  packed ??= pack()
  return packed
}
let packed: Promise<readonly Tarball[]> | undefined

async function pack (): Promise<readonly Tarball[]> {
  const checks = await loadTypeChecks()
  await using folder = await temporaryFolder()
  await packPackages(folder.path)
  return readdirSync(folder.path).map((name) => openTarball(readFileSync(folder.join(name)), checks))
}

function openTarball (data: Uint8Array<ArrayBuffer>, checks: TypeChecks): Tarball {
  const bytes = Uint8Array.from(data)
  const unpacked = checks.createPackageFromTarballData(bytes)
  const files = new Map(unpacked.listFiles().map((path) => [path.replace(/^\/node_modules\/(@[^/]+\/)?[^/]+\//, ''), unpacked.readFile(path)]))
  const { name } = JSON.parse(files.get('package.json') ?? '{}') as Manifest
  return {
    name,
    bytes,
    files,
    typeProblems: async () => {
      const { problems = [] } = await checks.checkPackage(unpacked)
      const counted = problems.filter(({ resolutionKind = '', resolutionOption = '' }) => ![resolutionKind, resolutionOption].some((each) => notForModules.includes(each)))
      return counted.map((problem) => JSON.stringify(problem))
    }
  }
}

async function loadTypeChecks (): Promise<TypeChecks> {
  const command = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')
  return await import(pathToFileURL(createRequire(command).resolve('@arethetypeswrong/core')).href) as TypeChecks
}
