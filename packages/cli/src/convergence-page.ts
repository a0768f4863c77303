import type { Convergence } from '@akshi/core'
import { listsOf, type List } from './convergence-lists.ts'
import { printable, shortHeads, table, type Terminal } from './terminal.ts'

/** Rows of one list on the screen. */
const maxShown = 6

/** The answer to "is everything everywhere?" on one screen. `next` says what to do; `nowMs` is the time, since the Unix epoch. */
export function convergencePage (convergence: Convergence, next: readonly string[], terminal: Terminal, nowMs: number): string[] {
  const { converged, agent, reason, heads } = convergence
  const verdict = converged ? terminal.style('green', 'converged') : terminal.style('yellow', 'not converged')
  return [
    `${terminal.style('bold', agent ?? 'all journals')}: ${verdict}`,
    `  ${printable(reason)}`,
    `  heads ${shortHeads(heads)}`,
    ...listsOf(convergence, nowMs).filter(({ rows }) => rows.length > 0).flatMap((list) => linesOf(list, terminal)),
    ...(next.length === 0 ? [] : ['', ...next.map((line) => `Next: ${line}`)])
  ]
}

function linesOf ({ title, header, rows, more, right = [] }: List, terminal: Terminal): string[] {
  const [top = '', ...lines] = table([header, ...rows.slice(0, maxShown)], right)
  const rest = more + Math.max(0, rows.length - maxShown)
  return [
    '',
    terminal.style('bold', title),
    `  ${terminal.style('dim', top)}`,
    ...lines.map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${rest} more${more > 0 ? '' : ': --json shows them'}`] : [])
  ]
}
