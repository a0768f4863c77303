import { MeshError, type NodeStatus } from '@akshi/core'
import type { Command } from 'commander'
import { percentOf } from '../catch-up.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { describeParked } from '../parked.ts'
import { pathInShort } from '../peer-path.ts'
import { counted, printable, shortHeads, table, type Terminal } from '../terminal.ts'

/** `akshi status`: the running node at a glance. */
export function addStatus (program: Command, invocation: Invocation): void {
  program.command('status')
    .summary('show the running node: transport, peers, journals')
    .description('Shows the running node: which transport it uses and why, its peers with their lag, and its journals.')
    .option('-w, --watch', 'show it again whenever something changes, until Ctrl-C')
    .addHelpText('after', examples([['akshi status', ''], ['akshi status --json', 'everything the node says'], ['akshi status --watch', '']], 'akshi peers shows why each peer stands where it does'))
    .action(async ({ watch = false }: { readonly watch?: boolean }) => {
      if (watch) return await watchStatus(invocation)
      const status = await invocation.withNode((client) => client.status())
      invocation.terminal.result(status, () => describeNode(status, invocation.terminal))
    })
}

/** With `--json`, a line for each time. */
async function watchStatus (invocation: Invocation): Promise<void> {
  const { io, terminal } = invocation
  const stop = io.interruption()
  const show = (status: NodeStatus) => terminal.page(status, () => describeNode(status, terminal))
  await invocation.withNode(async (client) => {
    show(await client.status())
    for await (const count of client.changes(stop)) if (count > 0) show(await client.status())
  })
  if (!stop.aborted) throw new MeshError('MESH_NOT_RUNNING', 'The node has stopped. Start it again: akshi run')
}

function describeNode (status: NodeStatus, terminal: Terminal): string[] {
  const { name, did, url, home, mesh, transport, startedAt, pid } = status
  return [
    `${terminal.style('bold', printable(name))}  ${did}`,
    `  local      ${url}`,
    `  mesh       "${mesh.id}", trust = "${mesh.trust}"`,
    `  home       ${home}`,
    `  running    since ${startedAt} (pid ${pid})`,
    `  transport  ${transport.active.join(' + ') || 'none'}: ${printable(transport.reason)}`,
    ...status.shared.map((link) => `  shared     ${link.transport} is ${link.state}, ${link.writing ? 'read and written' : 'read only'}: ${printable(link.reason)}`),
    '',
    ...section(terminal, 'peers', peerRows(status), [4]),
    '',
    ...section(terminal, 'journals', journalRows(status), [1]),
    ...status.journals.flatMap(({ name, parked }) => describeParked(parked, name)),
    ...status.notices.flatMap(({ code, message, count }) => ['', terminal.style('yellow', `${code} (${counted(count, 'time')}): ${printable(message)}`)])
  ]
}

function peerRows ({ peers }: NodeStatus): string[][] {
  if (peers.length === 0) return []
  return [['NAME', 'TRUST', 'HEALTH', 'PATH', 'LAG', 'STATE'], ...peers.map(({ name, trust, health, path, lag, converged, catchUp }) => [
    printable(name), trust, health ?? '-', pathInShort(path), lag === undefined ? '-' : String(lag),
    catchUp !== undefined ? `catching up, ${percentOf(catchUp)}%` : converged === true ? 'converged' : ''
  ])]
}

function journalRows ({ journals }: NodeStatus): string[][] {
  if (journals.length === 0) return []
  return [['NAME', 'ENTRIES', 'HEADS', 'WRITTEN BY'], ...journals.map(({ name, entries, heads, origins }) => [
    name, String(entries), shortHeads(heads), origins.map((origin) => origin.paths > 1 ? `${printable(origin.name)} (${origin.paths} paths)` : printable(origin.name)).join(' ')
  ])]
}

function section (terminal: Terminal, what: string, rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  if (rows.length === 0) return [`no ${what} yet`]
  const [header = '', ...lines] = table(rows, right)
  return [terminal.style('dim', header), ...lines]
}
