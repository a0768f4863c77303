import { MeshError } from '@akshi/core'
import type { Command } from 'commander'
import { describeEntry, namesOf } from '../entry-line.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

interface TailFlags {
  readonly since?: string
  readonly kind?: string
}

/** `akshi journal tail`: entries as they come, until Ctrl-C. */
export function addJournalTail (journal: Command, invocation: Invocation): void {
  journal.command('tail')
    .summary('follow a journal, until Ctrl-C')
    .description('Prints the entries of all nodes as they come to this one, each once. Late arrivals come too, so they need not be in order. Ctrl-C ends it with exit code 0.')
    .argument('<agent>', 'whose journal')
    .option('--since <cursor>', 'begin with what this cursor does not cover (default: with what comes from now on)')
    .option('--kind <kind>', 'only entries of this kind')
    .addHelpText('after', examples([
      ['akshi journal tail notes', ''],
      ['akshi journal tail notes --json', 'a line {"entry", "cursor"} for each']
    ]))
    .action((agent: string, flags: TailFlags) => tail(invocation, agent, flags))
}

async function tail (invocation: Invocation, agent: string, flags: TailFlags): Promise<void> {
  const { io, terminal } = invocation
  const stop = io.interruption()
  await invocation.withNode(async (client) => {
    let names = namesOf(await client.journals())
    if (io.stdout.isTTY === true) invocation.hint(`following ${agent}; Ctrl-C ends`)
    for await (const entries of client.tail(agent, flags, stop)) {
      if (entries.some(({ entry }) => !names.has(entry.origin))) names = namesOf(await client.journals())
      for (const item of entries) terminal.item(item, () => describeEntry(item.entry, names, terminal))
    }
  })
  if (!stop.aborted) throw new MeshError('MESH_NOT_RUNNING', 'The node has stopped. Start it again (akshi run), and go on with the last cursor that --json showed.')
}
