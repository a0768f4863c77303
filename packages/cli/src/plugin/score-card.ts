import type { FaultReport, Subject } from './kit.ts'
import type { Line } from './package-checks.ts'
import type { Manifest } from './plugin-folder.ts'
import type { Untried } from './promises.ts'

/** All that is known of a plugin. */
export interface ScoreCard {
  readonly plugin: string
  readonly package: string
  readonly version: string
  readonly kind: string
  readonly ok: boolean
  readonly needs: readonly Line[]
  readonly promises: readonly Line[]
  /** Promises that nobody looked at. */
  readonly untried: readonly Untried[]
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
  readonly untried?: readonly Untried[]
  readonly faults: FaultReport | undefined
  readonly skipped: string | undefined
}

/** What a fault profile counts besides what it does: how calls ended that it spoilt itself. */
const ends: Readonly<Record<string, string>> = {
  aborted: 'aborted on purpose',
  failed: 'failed as they must, while a node restarted or what they share was away',
  'given up': 'given up after a while, as core does'
}

/**
 * Sums up. It is good when nothing is wrong and each promise was tried, or is exempt with a reason that the card shows: otherwise
 * what is left out of a subject would make a card better.
 */
export function makeCard ({ name, manifest, subject, needs, promises, untried = [], faults, skipped }: Findings): ScoreCard {
  const isGood = [...needs, ...promises].every(({ problem }) => problem === undefined) && (faults?.problems ?? []).length === 0
  return {
    plugin: name,
    package: manifest.name ?? '',
    version: manifest.version ?? '',
    kind: kindOf(subject),
    ok: isGood && untried.length === 0 && skipped === undefined,
    needs,
    promises,
    untried,
    exempt: subject?.exempt ?? {},
    faults: faults ?? null,
    skipped: skipped ?? null
  }
}

/** The last lines of the card; each promise was shown as it was tried. */
export function describeCard ({ plugin, package: from, version, kind, ok, needs, promises, untried, exempt, faults, skipped }: ScoreCard): string[] {
  return [
    '',
    `${plugin}  ${kind}, ${from} ${version}`,
    `  package   ${kept(needs)}`,
    ...promises.length === 0 ? [] : [`  promises  ${kept(promises)}`],
    ...describeUntried(untried),
    ...Object.entries(exempt).map(([name, reason]) => `  exempt    ${name}: ${reason}`),
    ...faults === null ? [] : describeFaults(faults),
    ...skipped === null ? [] : [`  not tried ${skipped}`],
    `  ${ok ? 'good' : 'not good'}`
  ]
}

/** One thing that was tried. */
export function describeLine ({ what, problem }: Line): string {
  return problem === undefined ? `  ok    ${what}` : `  FAIL  ${what}: ${problem}`
}

function kept (lines: readonly Line[]): string {
  return `${lines.filter(({ problem }) => problem === undefined).length} of ${lines.length}`
}

function describeUntried (untried: readonly Untried[]): readonly string[] {
  return [...new Set(untried.map(({ lacks }) => lacks))].map((lack) => {
    const cases = untried.filter(({ lacks }) => lacks === lack)
    return `  not tried ${cases.length}: the subject has no ${lack} and is not exempt (${cases.map(({ what }) => `"${what}"`).join(', ')})`
  })
}

function describeFaults ({ counts, problems }: FaultReport): readonly string[] {
  const all = Object.entries(counts)
  const done = all.flatMap(([what, count]) => ends[what] === undefined ? [`${count} ${what}`] : []).join(', ')
  const ended = all.flatMap(([what, count]) => ends[what] === undefined ? [] : [`${count} ${ends[what]}`]).join('; ')
  return [`  faults    ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${done}`, ...ended === '' ? [] : [`            of the calls ${ended}`]]
}

function kindOf (subject: Subject | undefined): string {
  if (subject === undefined) return 'hooks or services'
  return subject.reach === undefined ? 'discovery' : `transport of reach "${subject.reach}"`
}
