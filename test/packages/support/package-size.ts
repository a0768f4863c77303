import { readFileSync } from 'node:fs'
import type { Tarball } from './tarball.ts'

/** What a package weighs: its download, and what is on disk after it. */
export interface PackageSize {
  readonly tarballBytes: number
  readonly files: number
  /** Bytes on disk by what they are. */
  readonly parts: Readonly<Record<string, number>>
}

export type SizeTable = Readonly<Record<string, PackageSize>>

/** Where the budget stands. */
export const sizesFile = new URL('../sizes.json', import.meta.url)
/** How far a package may be from it. */
const tolerance = 0.1

export function readSizes (): SizeTable {
  return JSON.parse(readFileSync(sizesFile, 'utf8')) as SizeTable
}

export function sizeOf ({ bytes, files }: Tarball): PackageSize {
  const parts: Record<string, number> = {}
  for (const [path, text] of files) parts[partOf(path)] = (parts[partOf(path)] ?? 0) + Buffer.byteLength(text)
  return { tarballBytes: bytes.length, files: files.size, parts: Object.fromEntries(Object.entries(parts).sort(([a], [b]) => a < b ? -1 : 1)) }
}

/** What is too far from the budget, with what has grown; nothing where all is well. */
export function explainSize (name: string, budget: PackageSize, now: PackageSize): string {
  const off = ([['tarball bytes', budget.tarballBytes, now.tarballBytes], ['files', budget.files, now.files]] as const).filter(([, planned, is]) => Math.abs(is - planned) > planned * tolerance)
  if (off.length === 0) return ''
  const parts = [...new Set([...Object.keys(budget.parts), ...Object.keys(now.parts)])].map((part) => `  ${part}: ${change(budget.parts[part] ?? 0, now.parts[part] ?? 0)} bytes`)
  return [`${name} is not the size that test/packages/sizes.json says:`, ...off.map(([what, planned, is]) => `  ${what}: ${change(planned, is)}`), ...parts, 'Is it meant? pnpm build && pnpm sizes'].join('\n')
}

function change (before: number, now: number): string {
  return before === 0 ? `new, ${now}` : `${before} -> ${now} (${now < before ? '' : '+'}${Math.round((now / before - 1) * 100)} %)`
}

function partOf (path: string): string {
  const [folder = ''] = path.split('/')
  const ending = /(\.d\.ts)?(\.map)?$/.exec(path)?.[0] ?? ''
  return folder === 'dist' ? `dist ${ending.endsWith('.map') ? 'maps' : ending === '' ? 'code' : 'types'}` : path === folder ? 'pages' : folder
}
