import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel, type ExtractorMessage, type IConfigFile } from '@microsoft/api-extractor'
import { publicPackages, root, type PublicPackage } from './packages.ts'

/** What a stranger's compiler sees of our packages: built declarations, strictly. */
const compilerOptions = {
  target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext', moduleResolution: 'NodeNext', types: ['node'], strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true
}
const quiet = { logLevel: ExtractorLogLevel.None }
const loud = { logLevel: ExtractorLogLevel.Warning }

export interface ApiReport {
  readonly folder: string
  /** Where it is kept. */
  readonly file: string
  /** As the built declarations have it now. */
  readonly text: string
  /** What API Extractor has to say against them. */
  readonly problems: readonly string[]
}

/** Reports of the public surface of all packages, from dist/*.d.ts; what they hold depends on nothing else. */
export async function makeApiReports (): Promise<readonly ApiReport[]> {
  const temporary = await mkdtemp(join(tmpdir(), 'akshi-api-'))
  try {
    const [first, ...others] = publicPackages
    if (first === undefined) throw new Error('There is no package')
    const compilerState = CompilerState.create(configOf(first, temporary), { additionalEntryPoints: others.map(entryPoint) })
    return publicPackages.map((each) => report(each, temporary, compilerState))
  } finally {
    rmSync(temporary, { recursive: true })
  }
}

function report (each: PublicPackage, temporary: string, compilerState: CompilerState): ApiReport {
  const problems: string[] = []
  const messageCallback = (message: ExtractorMessage) => {
    const isProblem = message.logLevel === ExtractorLogLevel.Warning || message.logLevel === ExtractorLogLevel.Error
    if (isProblem && !message.messageId.startsWith('console-')) problems.push(`${message.messageId}: ${message.text}`)
    message.handled = true
  }
  Extractor.invoke(configOf(each, temporary), { localBuild: true, compilerState, messageCallback })
  const name = `${each.folder}.api.md`
  return { folder: each.folder, file: join(root, 'api', name), text: readable(readFileSync(join(temporary, name), 'utf8')), problems }
}

function configOf (each: PublicPackage, temporary: string): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: each.path,
    mainEntryPointFilePath: entryPoint(each),
    compiler: { overrideTsconfig: { compilerOptions, files: [entryPoint(each)] } },
    newlineKind: 'lf',
    apiReport: { enabled: true, reportFileName: each.folder, reportFolder: temporary, reportTempFolder: join(temporary, 'temp'), includeForgottenExports: true },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: loud },
      // Everything that is exported is public, and docstrings are for people. What is forgotten stands in the report.
      extractorMessageReporting: { default: loud, 'ae-missing-release-tag': quiet, 'ae-undocumented': quiet, 'ae-forgotten-export': quiet },
      tsdocMessageReporting: { default: quiet }
    }
  }
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath: join(each.path, 'package.json') })
}

function entryPoint ({ path }: PublicPackage): string {
  return join(path, 'dist/index.d.ts')
}

const head = '> Written by `pnpm api`. A line that is changed or gone breaks programs of others: [UPGRADING.md](../UPGRADING.md).'

/** Without what says nothing of the surface. */
function readable (text: string): string {
  return text.replace(/^> Do not edit [^\n]*/m, head).replace(/^ *\/\/ \(undocumented\)\n/gm, '').replace(/^\/\/ @public( \(undocumented\))?\n/gm, '').replace(/\n\/\/ \(No @packageDocumentation[^\n]*\n/, '')
}
