import type { AddressTry, PeerExplanation } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { describePath } from '../peer-path.ts'
import { placeOf } from '../place.ts'
import { describeTunnel } from '../tunnel-line.ts'
import { printable, table, type Terminal } from '../terminal.ts'

/** `akshi why`: why one peer stands where it does. */
export function addWhy (program: Command, invocation: Invocation): void {
  program.command('why')
    .summary('tell why a peer is linked or not, address by address')
    .description('Tells how a peer stands and why: every address that was tried, who named it, when, and what came of it; and what to do next.')
    .argument('<did-or-name>', 'a DID, or a name that "akshi peers" shows')
    .addHelpText('after', examples([['akshi why beta', '']], 'akshi peers shows all peers'))
    .action(async (who: string) => {
      const explanation = await invocation.withNode((client) => client.why(who))
      invocation.terminal.result(explanation, () => describe(explanation, invocation.terminal))
    })
}

function describe ({ peer, tries, verdict, next }: PeerExplanation, terminal: Terminal): string[] {
  return [
    `${terminal.style('bold', printable(peer.name))}  ${peer.did}`,
    `  ${printable(verdict)}`,
    `  trust  ${peer.trust}: ${printable(peer.trustReason)}`,
    ...(peer.seenAt === undefined ? [] : [`  seen   ${peer.seenAt}`]),
    ...(peer.path === undefined ? [] : [`  path   ${describePath(peer.path)}`]),
    ...(peer.tunnel === undefined ? [] : [`  tunnel ${describeTunnel(peer.tunnel)}`]),
    ...addressLines(tries, terminal),
    ...(next === undefined ? [] : ['', next])
  ]
}

function addressLines (tries: readonly AddressTry[], terminal: Terminal): string[] {
  if (tries.length === 0) return []
  const rows = tries.map(({ address, source, triedAt, result, error, retryInMs }) => [
    placeOf(address), source, triedAt ?? '-', printable(error ?? result), retryInMs === undefined ? '' : `in ${Math.ceil(retryInMs / 1000)} s`
  ])
  const [header = '', ...lines] = table([['ADDRESS', 'NAMED BY', 'TRIED', 'RESULT', 'AGAIN'], ...rows])
  return ['', terminal.style('dim', header), ...lines]
}
