import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { printable, shortHeads, table } from '../terminal.ts'

/** `akshi journal list`: the journals of the running node. */
export function addJournalList (journal: Command, invocation: Invocation): void {
  journal.command('list')
    .summary('list the journals')
    .description('Lists the journals of the running node: entries, heads (equal on nodes that have the same), and who wrote how many.')
    .action(async () => {
      const journals = await invocation.withNode((client) => client.journals())
      invocation.terminal.result({ journals }, () => journals.length === 0
        ? ['no journals yet. Next: akshi journal append notes "hello"']
        : table([['NAME', 'ENTRIES', 'HEADS', 'WRITTEN BY'], ...journals.map(({ name, entries, heads, origins }) => [
          name, String(entries), shortHeads(heads), origins.map((origin) => `${printable(origin.name)} (${origin.entries})`).join(' ')
        ])], [1]))
    })
}
