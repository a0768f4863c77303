import { resolve } from 'node:path'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import { followFile } from '../file-follower.ts'
import type { Invocation } from '../invocation.ts'
import { appendLines, type Tally } from '../line-appender.ts'
import { readLines } from '../line-splitter.ts'
import { counted } from '../terminal.ts'

interface AppendOptions {
  readonly kind?: string
  readonly jsonLines?: boolean
  readonly follow?: string
  readonly fromStart?: boolean
}

/** `akshi journal append`: a text, the lines of stdin, or a file that grows. */
export function addJournalAppend (journal: Command, invocation: Invocation): void {
  journal.command('append')
    .summary('append a text, lines of stdin, or a growing file')
    .description('Appends to a journal. Without TEXT (or with "-") each line of stdin becomes an entry, sent while they come in. Exit code 0 means that the node has acknowledged all of them: they are safe on its disk.')
    .argument('<agent>', 'whose journal; it is made with its first entry')
    .argument('[text...]', 'one entry; write -- before a text that begins with "-"')
    .option('--kind <kind>', 'kind of the entries (default: note)')
    .option('--json-lines', 'each line (or TEXT) is a JSON value')
    .option('--follow <file>', 'append the lines that are written to a file, until Ctrl-C; rotation and truncation are noticed')
    .option('--from-start', 'with --follow: also what is in the file already')
    .addHelpText('after', examples([
      ['akshi journal append notes "the build is green"', ''],
      ['journalctl -f -o json | akshi journal append host --json-lines', ''],
      ['akshi journal append web --follow /var/log/nginx/access.log', '']
    ], 'akshi journal read AGENT'))
    .action((agent: string, text: readonly string[], options: AppendOptions) => append(invocation, agent, text, options))
}

async function append (invocation: Invocation, agent: string, text: readonly string[], options: AppendOptions): Promise<void> {
  const { kind, jsonLines = false } = options
  const plan = { journal: agent, json: jsonLines, ...(kind === undefined ? {} : { kind }) }
  const lines = linesOf(invocation, text, options)
  const tally = await invocation.withNode((client) => appendLines(client, plan, lines))
  invocation.terminal.result(toDocument(agent, tally), () => [describeTally(agent, tally)])
}

function linesOf (invocation: Invocation, text: readonly string[], { follow, fromStart = false }: AppendOptions): AsyncIterable<readonly string[]> {
  const { io } = invocation
  if (follow !== undefined) return followFile(resolve(io.cwd, follow), { clock: io.clock, signal: io.interruption(), fromStart })
  if (text.length > 0 && text.join() !== '-') return oneBatch(text.join(' '))
  if (io.stdin.isTTY === true) invocation.hint('Type entries, one a line; Ctrl-D ends.')
  return readLines(io.stdin)
}

async function * oneBatch (line: string): AsyncGenerator<readonly string[]> {
  yield [line]
}

/** The ids are left out when there was more than one batch: a stream may have millions. */
function toDocument (journal: string, { entries, last }: Tally) {
  const { ids = [], ...place } = last ?? {}
  return { journal, entries, ...place, ...(ids.length === entries ? { ids } : {}) }
}

function describeTally (agent: string, { entries, last }: Tally): string {
  const where = last === undefined ? '' : ` (envelope ${last.seq}, ${last.durability === 'fsync' ? 'on disk' : 'with the operating system'})`
  return `${counted(entries, 'entry', 'entries')} appended to ${agent}${where}`
}
