import { isMeshError, MeshError, type Convergence } from '@akshi/core'
import type { Command } from 'commander'
import type { ApiClient } from '../api-client.ts'
import { parseCount, parseSeconds } from '../arguments.ts'
import { describeCatchUp } from '../catch-up.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { Progress } from '../progress.ts'
import { counted, printable, shortHeads } from '../terminal.ts'

interface WaitOptions {
  readonly converged?: true
  readonly seen?: string
  readonly peers: number
  readonly entries: number
  readonly agent?: string
  readonly timeout: number
}

const pollMs = 100

/** `akshi wait`: returns when this node and its peers have the same, or when a node was seen, for scripts and tests. */
export function addWait (program: Command, invocation: Invocation): void {
  program.command('wait')
    .summary('wait for convergence, or for a node to be seen')
    .description('With --converged, waits until every trusted peer has said that it has exactly what this node has (with no peers: until the folder has it all); with --seen, until a node was met, trusted or not. A node that is still starting is waited for. Exit code 5 when the time is up, saying what is missing.')
    .option('--converged', 'this node and its peers have the same')
    .option('--seen <who>', 'a node with this name or DID was met')
    .option('--peers <n>', 'and at least so many peers have converged', parseCount, 0)
    .option('--entries <n>', 'and there are at least so many entries', parseCount, 0)
    .option('--agent <name>', 'look at this journal alone')
    .option('--timeout <secs>', 'give up after so many seconds', parseSeconds, 30)
    .addHelpText('after', examples([
      ['akshi wait --converged', ''],
      ['akshi wait --seen beta && akshi trust beta', ''],
      ['akshi wait --converged --peers 2 --entries 60 --timeout 10', 'for a test']
    ]))
    .action((options: WaitOptions, command: Command) => {
      if (options.converged === undefined && options.seen === undefined) command.error('error: say what to wait for: --converged or --seen <who>')
      return wait(invocation, options)
    })
}

async function wait (invocation: Invocation, options: WaitOptions): Promise<void> {
  const { clock, stderr } = invocation.io
  const startedAt = clock.monotonic()
  const progress = new Progress(stderr, clock, invocation.options.json)
  for (;;) {
    const seen = await look(invocation, options)
    const waitedMs = Math.round(clock.monotonic() - startedAt)
    if (seen.done || waitedMs >= options.timeout * 1000) progress.end()
    if (seen.done) return seen.show(waitedMs)
    if (waitedMs >= options.timeout * 1000) throw seen.error
    if (stderr.isTTY === true) await showCatchUp(invocation, progress)
    await clock.sleep(pollMs)
  }
}

/** A bar while the node fetches what it missed. One that does not answer now may do so at the next look. */
async function showCatchUp (invocation: Invocation, progress: Progress): Promise<void> {
  const peers = await invocation.withNode((client) => client.peers()).catch(() => [])
  const line = describeCatchUp(peers, invocation.io.clock.now())
  if (line === undefined) progress.end()
  else progress.show(() => line)
}

type Look =
  | { readonly done: true, readonly show: (waitedMs: number) => void }
  | { readonly done: false, readonly error: MeshError }

async function look (invocation: Invocation, options: WaitOptions): Promise<Look> {
  try {
    return await invocation.withNode(async (client) => {
      const seen = options.seen === undefined ? undefined : await askSeen(invocation, client, options.seen, options)
      if (options.converged === undefined && seen !== undefined) return seen
      return seen?.done === false ? seen : await askConverged(invocation, client, options)
    })
  } catch (error) {
    if (isMeshError(error, 'MESH_NOT_RUNNING')) return { done: false, error }
    throw error
  }
}

async function askSeen (invocation: Invocation, client: ApiClient, who: string, { timeout }: WaitOptions): Promise<Look> {
  const peers = await client.peers()
  const found = peers.filter(({ did, name, seenAt }) => seenAt !== undefined && (did === who || name === who))
  if (found.length === 0) return { done: false, error: new MeshError('MESH_TIMEOUT', `"${who}" was not seen in ${timeout} s; ${counted(peers.length, 'node')} known. Look closer: akshi peers`) }
  return {
    done: true,
    show: (waitedMs) => invocation.terminal.result({ seen: found, waited_ms: waitedMs }, () => found.map(({ did, name, trust }) => `seen ${printable(name)}  ${did}  ${trust}`))
  }
}

async function askConverged (invocation: Invocation, client: ApiClient, { peers, entries, agent, timeout }: WaitOptions): Promise<Look> {
  const convergence = await client.convergence(agent)
  const journals = await client.journals()
  const found = journals.filter(({ name }) => agent === undefined || name === agent).reduce((sum, journal) => sum + journal.entries, 0)
  const ready = convergence.peers.filter(({ converged }) => converged).length
  if (convergence.converged && ready >= peers && found >= entries) {
    return { done: true, show: (waitedMs) => showConvergence(invocation, convergence, found, waitedMs) }
  }
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
