import type { Command } from 'commander'
import { parseCount } from '../arguments.ts'
import { describeEntry, namesOf } from '../entry-line.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

interface ReadFlags {
  readonly limit?: number
  readonly reverse?: boolean
  readonly kind?: string
  readonly since?: string
  readonly cursor?: boolean
}

/** `akshi journal read`: the entries of all origins in the agreed order. */
export function addJournalRead (journal: Command, invocation: Invocation): void {
  journal.command('read')
    .summary('read a journal')
    .description('Prints the entries of a journal, those of all nodes, in the order that all nodes agree on.')
    .argument('<agent>', 'whose journal')
    .option('--limit <n>', 'at most so many entries', parseCount)
    .option('--reverse', 'newest first')
    .option('--kind <kind>', 'only entries of this kind')
    .option('--since <cursor>', 'only what this cursor does not cover, however late it arrived')
    .option('--cursor', 'print the cursor for the next --since as the last line')
    .addHelpText('after', examples([
      ['akshi journal read notes', ''],
      ['akshi journal read notes --reverse --limit 10', 'the ten newest'],
      ['akshi journal read notes --json', 'with the cursor for --since']
    ]))
    .action((agent: string, flags: ReadFlags) => read(invocation, agent, flags))
}

async function read (invocation: Invocation, agent: string, { cursor: showCursor, ...options }: ReadFlags): Promise<void> {
  const { page, names } = await invocation.withNode(async (client) => ({
    page: await client.read(agent, options),
    names: invocation.options.json === true ? namesOf([]) : namesOf(await client.journals())
  }))
  if (page.entries.length === 0) invocation.hint(`no such entries in "${agent}"`)
  invocation.terminal.result(page, () => [
    ...page.entries.map((entry) => describeEntry(entry, names, invocation.terminal)),
    ...(showCursor === true ? [page.cursor] : [])
  ])
}
