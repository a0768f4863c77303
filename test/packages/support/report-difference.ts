/** What one report has and the other lacks, each line with the declaration that it is in. */
export interface ReportDifference {
  readonly gone: readonly string[]
  readonly come: readonly string[]
}

export function compareReports (kept: string, now: string): ReportDifference {
  return { gone: without(placesIn(kept), placesIn(now)), come: without(placesIn(now), placesIn(kept)) }
}

/** What to do about it, for whoever has made the difference; nothing where there is none. */
export function explainDifference (name: string, kept: string, now: string): string {
  const { gone, come } = compareReports(kept, now)
  if (gone.length + come.length === 0) return ''
  const breaks = 'What is gone or changed breaks programs of others: it needs a chapter in UPGRADING.md and a major changeset (`pnpm changeset`; below 1.0 a minor one). '
  return [
    `What ${name} offers is not what its report says:`,
    ...gone.map((line) => `  - ${line}`),
    ...come.map((line) => `  + ${line}`),
    `${gone.every(isImport) ? '' : breaks}Is it meant? pnpm build && pnpm api`
  ].join('\n')
}

/** Where a type of others comes from is nothing of ours. */
function isImport (line: string): boolean {
  return line.startsWith('import ')
}

/** `Clock: now(): number;`, so that a line is told from the same line elsewhere. */
function placesIn (report: string): string[] {
  let declaration = ''
  return report.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const isMember = /^[\s}]/.test(line)
    if (!isMember) declaration = /^(?:export )?(?:default |abstract )*(?:interface|class|type|function|const) (\w+)/.exec(line)?.[1] ?? ''
    return isMember && declaration !== '' ? `${declaration}: ${line.trim()}` : line
  })
}

function without (lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}
