import { median } from './numbers.mjs'
import { columns, targets } from './targets.mjs'

/** Medians of the rounds, a row for each system. */
export function overview (results, titles) {
  const used = columns.filter(([, scenario]) => results.some((result) => result.scenario === scenario))
  const lines = [...titles].map(([system, title]) => [title, ...used.map(([, scenario, metric]) => figure(valuesOf(results, scenario, metric, system)))])
  return table(['', ...used.map(([name]) => name)], lines)
}

/** Each target with what was reached. Ratios are taken within a round; the median of them counts. */
export function verdicts (results, titles) {
  const lines = targets.map((target) => verdict(results, titles, target)).filter((line) => line !== undefined)
  return lines.length === 0 ? '' : table(['', 'ours', 'rival', 'their time / ours', 'target', ''], lines)
}

function verdict (results, titles, { scenario, metric, what, unit, rival, atLeast, atMost }) {
  const ours = valuesOf(results, scenario, metric, 'akshi')
  if (ours.size === 0) return
  const own = `${figure(ours)} ${unit}`
  if (rival === undefined) return [what, own, '', '', `<= ${atMost}`, met(median([...ours.values()]) <= atMost)]
  const theirs = valuesOf(results, scenario, metric, rival)
  const ratios = [...theirs].filter(([round]) => ours.has(round)).map(([round, value]) => value / ours.get(round))
  if (ratios.length === 0) return
  const ratio = median(ratios)
  const range = ratios.length === 1 ? '' : ` (${short(Math.min(...ratios))} to ${short(Math.max(...ratios))})`
  const goal = atLeast === undefined ? ['', ''] : [`>= ${atLeast}`, met(ratio >= atLeast)]
  return [what, own, `${titles.get(rival)}: ${figure(theirs)} ${unit}`, short(ratio) + range, ...goal]
}

/** By round. */
function valuesOf (results, scenario, metric, system) {
  return new Map(results.filter((result) => result.scenario === scenario && result.system === system).map(({ round, figures }) => [round, figures[metric]]))
}

const met = (isMet) => isMet ? 'met' : 'MISSED'
const figure = (values) => values.size === 0 ? '-' : short(median([...values.values()]))
const short = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** Markdown, with columns that also line up in a terminal. */
function table (head, lines) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...lines].map((line) => line[column].length)))
  const row = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [row(head), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n')
}
