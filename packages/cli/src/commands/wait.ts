import { isMeshError, MeshError, type Convergence } from '@akshi/core'
import type { Command } from 'commander'
import type { ApiClient } from '../api-client.ts'
import { parseCount, parseSeconds } from '../arguments.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { counted, printable, shortHeads } from '../terminal.ts'

interface WaitOptions {
  readonly peers: number
  readonly entries: number
  readonly agent?: string
  readonly timeout: number
}

const pollMs = 100

/** `akshi wait --converged`: returns when this node and its peers have the same, for scripts and tests. */
export function addWait (program: Command, invocation: Invocation): void {
  program.command('wait')
    .summary('wait until this node and its peers have the same')
    .description('Waits until every trusted peer has said that it has exactly what this node has (with no peers: until the folder has it all). A node that is still starting is waited for. Exit code 5 when the time is up, saying what is missing.')
    .requiredOption('--converged', 'what to wait for (the only thing there is)')
    .option('--peers <n>', 'and at least so many peers have converged', parseCount, 0)
    .option('--entries <n>', 'and there are at least so many entries', parseCount, 0)
    .option('--agent <name>', 'look at this journal alone')
    .option('--timeout <secs>', 'give up after so many seconds', parseSeconds, 30)
    .addHelpText('after', examples([
      ['akshi wait --converged', ''],
      ['akshi wait --converged --peers 2 --entries 60 --timeout 10', 'for a test']
    ]))
    .action((options: WaitOptions) => wait(invocation, options))
}

async function wait (invocation: Invocation, options: WaitOptions): Promise<void> {
  const { clock } = invocation.io
  const startedAt = clock.monotonic()
  for (;;) {
    const seen = await look(invocation, options)
    const waitedMs = Math.round(clock.monotonic() - startedAt)
    if (seen.done) return showConvergence(invocation, seen.convergence, seen.entries, waitedMs)
    if (waitedMs >= options.timeout * 1000) throw seen.error
    await clock.sleep(pollMs)
  }
}

type Look =
  | { readonly done: true, readonly convergence: Convergence, readonly entries: number }
  | { readonly done: false, readonly error: MeshError }

async function look (invocation: Invocation, options: WaitOptions): Promise<Look> {
  try {
    return await invocation.withNode((client) => ask(client, options))
  } catch (error) {
    if (isMeshError(error, 'MESH_NOT_RUNNING')) return { done: false, error }
    throw error
  }
}

async function ask (client: ApiClient, { peers, entries, agent, timeout }: WaitOptions): Promise<Look> {
  const convergence = await client.convergence(agent)
  const journals = await client.journals()
  const found = journals.filter(({ name }) => agent === undefined || name === agent).reduce((sum, journal) => sum + journal.entries, 0)
  const ready = convergence.peers.filter(({ converged }) => converged).length
  if (convergence.converged && ready >= peers && found >= entries) return { done: true, convergence, entries: found }
  const missing = [
    ...(convergence.converged ? [] : [convergence.reason]),
    ...(ready < peers ? [`${counted(ready, 'peer')} of ${peers} converged`] : []),
    ...(found < entries ? [`${counted(found, 'entry', 'entries')} of ${entries} here`] : [])
  ]
  return { done: false, error: new MeshError('MESH_TIMEOUT', `Not converged after ${timeout} s: ${missing.join('; ')}. Look closer: akshi peers`) }
}

function showConvergence (invocation: Invocation, convergence: Convergence, entries: number, waitedMs: number): void {
  invocation.terminal.result({ ...convergence, entries, waited_ms: waitedMs }, () => [
    `converged with ${counted(convergence.peers.length, 'peer')}: ${printable(convergence.reason)}`,
    `${counted(entries, 'entry', 'entries')}, heads ${shortHeads(convergence.heads)}`
  ])
}
