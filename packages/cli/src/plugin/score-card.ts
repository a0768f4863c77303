import type { FaultReport, Subject } from './kit.ts'
import type { Line } from './package-checks.ts'
import type { Manifest } from './plugin-folder.ts'

/** All that is known of a plugin. */
export interface ScoreCard {
  readonly plugin: string
  readonly package: string
  readonly version: string
  readonly kind: string
  readonly ok: boolean
  readonly needs: readonly Line[]
  readonly promises: readonly Line[]
  readonly exempt: Readonly<Record<string, string>>
  readonly faults: FaultReport | null
  /** Why no more was tried. */
  readonly skipped: string | null
}

export interface Findings {
  readonly name: string
  readonly manifest: Manifest
  readonly subject: Subject | undefined
  readonly needs: readonly Line[]
  readonly promises: readonly Line[]
  readonly faults: FaultReport | undefined
  readonly skipped: string | undefined
}

/** Sums up. It is good when nothing is wrong and something was tried. */
export function makeCard ({ name, manifest, subject, needs, promises, faults, skipped }: Findings): ScoreCard {
  const isGood = [...needs, ...promises].every(({ problem }) => problem === undefined) && (faults?.problems ?? []).length === 0
  return {
    plugin: name,
    package: manifest.name ?? '',
    version: manifest.version ?? '',
    kind: kindOf(subject),
    ok: isGood && skipped === undefined,
    needs,
    promises,
    exempt: subject?.exempt ?? {},
    faults: faults ?? null,
    skipped: skipped ?? null
  }
}

/** The last lines of the card; each promise was shown as it was tried. */
export function describeCard ({ plugin, package: from, version, kind, ok, needs, promises, exempt, faults, skipped }: ScoreCard): string[] {
  const kept = (lines: readonly Line[]) => `${lines.filter(({ problem }) => problem === undefined).length} of ${lines.length}`
  const counts = Object.entries(faults?.counts ?? {}).map(([what, count]) => `${count} ${what}`).join(', ')
  return [
    '',
    `${plugin}  ${kind}, ${from} ${version}`,
    `  package   ${kept(needs)}`,
    ...promises.length === 0 ? [] : [`  promises  ${kept(promises)}`],
    ...Object.entries(exempt).map(([name, reason]) => `  exempt    ${name}: ${reason}`),
    ...faults === null ? [] : [`  faults    ${faults.problems.length} problems in ${counts}`],
    ...skipped === null ? [] : [`  not tried ${skipped}`],
    `  ${ok ? 'good' : 'not good'}`
  ]
}

/** One thing that was tried. */
export function describeLine ({ what, problem }: Line): string {
  return problem === undefined ? `  ok    ${what}` : `  FAIL  ${what}: ${problem}`
}

function kindOf (subject: Subject | undefined): string {
  if (subject === undefined) return 'hooks or services'
  return subject.reach === undefined ? 'discovery' : `transport of reach "${subject.reach}"`
}
