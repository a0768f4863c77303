import { counted, printable, shortHeads, table, wrap, type Terminal } from '../terminal.ts'
import { sameHeads, type NodeSight } from './sight.ts'

export interface FrameOptions {
  readonly peers: boolean
  readonly elapsedMs: number
}

const frameColumns = 80

/** The demo as lines of a terminal, 80 columns wide. */
export function drawFrame (sights: readonly NodeSight[], { peers, elapsedMs }: FrameOptions, terminal: Terminal): string[] {
  const how = peers ? 'three nodes, no peers configured, found by mDNS' : 'three nodes, no discovery, one shared folder'
  const [header = '', ...rows] = table([
    ['NODE', 'PEERS', 'TRANSPORT', 'ENTRIES', 'LAG', 'HEADS'],
    ...sights.map((sight) => row(sight, terminal))
  ], [3, 4])
  return [
    '',
    `${terminal.style('bold', 'Akshi mesh')}  ${how}${terminal.style('dim', `  ${clockText(elapsedMs)}`)}`,
    '',
    terminal.style('dim', header), ...rows,
    '',
    ...reasons(sights).map((line) => terminal.style('dim', line)),
    '',
    verdict(sights, terminal),
    '',
    ...sights.map(({ name, url }) => `${name.padEnd(5)}  ${terminal.style('cyan', url)}`),
    ...sights.flatMap((sight) => endLines(sight, terminal)),
    '',
    terminal.style('dim', 'Ctrl-C stops the nodes and removes what they wrote.')
  ]
}

function row ({ name, peers, transport, entries, lag, heads, end }: NodeSight, terminal: Terminal): string[] {
  if (end !== undefined) return [terminal.style('red', name), terminal.style('red', 'ended'), '', String(entries), '', shortHeads(heads)]
  return [
    terminal.style('bold', name),
    peers.join(' ') || '-',
    transport.length > 0 ? terminal.style('green', transport.join(' + ')) : terminal.style('yellow', 'none'),
    String(entries),
    lag === 0 ? '0' : terminal.style('yellow', String(lag)),
    shortHeads(heads)
  ]
}

/** Why each node uses what it uses; one line where all say the same. */
function reasons (sights: readonly NodeSight[]): string[] {
  const said = new Map<string, string[]>()
  for (const { name, transport, reason, end } of sights) {
    if (end !== undefined) continue
    const text = `${transport.join(' + ') || 'none'}: ${printable(reason)}`
    said.set(text, [...said.get(text) ?? [], name])
  }
  const lines = said.size === 1 ? [...said.keys()] : [...said].map(([text, names]) => `${names.join(', ')}: ${text}`)
  return lines.flatMap((line) => wrap(line, frameColumns))
}

function verdict (sights: readonly NodeSight[], terminal: Terminal): string {
  const running = sights.filter(({ end }) => end === undefined)
  if (running.length === 0) return terminal.style('red', 'All nodes have ended.')
  if (sameHeads(sights)) {
    return terminal.style('green', `● converged: ${counted(running.length, 'node')}, ${counted(running[0]?.entries ?? 0, 'entry', 'entries')}, identical heads`)
  }
  const most = Math.max(...running.map(({ entries }) => entries))
  if (most === 0) return terminal.style('yellow', '○ waiting for the first entries')
  const behind = running.filter(({ entries }) => entries < most).map(({ name, entries }) => `${name} lacks ${most - entries}`)
  return terminal.style('yellow', `○ converging${behind.length > 0 ? `: ${behind.join(', ')}` : ''}`)
}

function endLines ({ name, end }: NodeSight, terminal: Terminal): string[] {
  if (end === undefined) return []
  const log = end.log.slice(-4).map((line) => `  ${printable(line)}`)
  return ['', terminal.style('red', `${name} ended (${end.how})${log.length > 0 ? '; the end of its log:' : ''}`), ...log]
}

function clockText (ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
