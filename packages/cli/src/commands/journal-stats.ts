import type { Command } from 'commander'
import type { JournalStats } from '../api-client.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { describeParked } from '../parked.ts'
import { grouped, sized } from '../progress.ts'
import { printable, table, type Terminal } from '../terminal.ts'

/** `akshi journal stats`: what journals hold and what they take. */
export function addJournalStats (journal: Command, invocation: Invocation): void {
  journal.command('stats')
    .summary('show what journals hold and take')
    .description('Shows what the journals of the running node hold and what they take on disk; of one journal also who wrote what, in how many envelopes and segments.')
    .argument('[agent]', 'whose journal; default all')
    .addHelpText('after', examples([['akshi journal stats', ''], ['akshi journal stats notes', 'by origin']]))
    .action((agent: string | undefined) => agent === undefined ? showAll(invocation) : showOne(invocation, agent))
}

async function showAll (invocation: Invocation): Promise<void> {
  const journals = await invocation.withNode(async (client) => {
    const all: JournalStats[] = []
    for (const { name } of await client.journals()) all.push(await client.stats(name))
    return all
  })
  invocation.terminal.result({ journals }, () => journals.length === 0
    ? ['no journals yet. Next: akshi journal append notes "hello"']
    : table([['NAME', 'ENTRIES', 'ORIGINS', 'ENVELOPES', 'SEGMENTS', 'ON DISK', 'PARKED'], ...journals.map(({ name, entries, origins, bytes, parked }) => [
      name, grouped(entries), String(origins.length), grouped(total(origins, 'envelopes')), grouped(total(origins, 'segments')), sized(bytes),
      String(parked.reduce((sum, { items }) => sum + items, 0))
    ])], [1, 2, 3, 4, 5, 6]))
}

async function showOne (invocation: Invocation, agent: string): Promise<void> {
  const stats = await invocation.withNode((client) => client.stats(agent))
  invocation.terminal.result(stats, () => describe(stats, invocation.terminal))
}

function describe ({ name, entries, origins, bytes, parked, durability }: JournalStats, terminal: Terminal): string[] {
  const safety = durability === 'fsync' ? 'acknowledged means on disk' : 'acknowledged means with the operating system'
  const rows = origins.map((origin) => [
    printable(origin.name), grouped(origin.entries), grouped(origin.envelopes), segmentsOf(origin), dayOf(origin.firstAt), dayOf(origin.lastAt)
  ])
  const [header = '', ...lines] = table([['WRITTEN BY', 'ENTRIES', 'ENVELOPES', 'SEGMENTS', 'FIRST', 'LAST'], ...rows], [1, 2])
  return [
    `${terminal.style('bold', name)}  ${grouped(entries)} ${entries === 1 ? 'entry' : 'entries'}, ${sized(bytes)} on disk; ${safety}`,
    ...(rows.length === 0 ? [] : ['', terminal.style('dim', header), ...lines]),
    ...describeParked(parked)
  ]
}

function segmentsOf ({ segments, sealed, detached, paths }: JournalStats['origins'][number]): string {
  const remarks = [
    ...(sealed > 0 ? [`${sealed} sealed`] : []), ...(paths > 1 ? [`${paths} paths`] : []), ...(detached > 0 ? [`${detached} waiting`] : [])
  ]
  return remarks.length === 0 ? String(segments) : `${segments} (${remarks.join(', ')})`
}

function dayOf (at: string | undefined): string {
  return at?.slice(0, 10) ?? '-'
}

function total (origins: JournalStats['origins'], what: 'envelopes' | 'segments'): number {
  return origins.reduce((sum, origin) => sum + origin[what], 0)
}
