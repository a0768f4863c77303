import type { JournalStatus } from '@akshi/core'
import { counted, printable } from './terminal.ts'
import { sized } from './progress.ts'

/** What a journal keeps aside, a line for each origin and reason. */
export function describeParked (parked: JournalStatus['parked'], journal?: string): string[] {
  const where = journal === undefined ? '' : `${journal}: `
  return parked.map(({ name, why, items, bytes }) => {
    const what = `${counted(items, 'item')} (${sized(bytes)})`
    return why === 'trust' ? `  ${where}waiting for trust in ${printable(name)}: ${what}` : `  ${where}waiting for what is before them: ${what} of ${printable(name)}`
  })
}
