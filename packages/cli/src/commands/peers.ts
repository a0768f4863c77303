import type { PeerStatus } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { describePath } from '../peer-path.ts'
import { placeOf } from '../place.ts'
import { describeTunnel } from '../tunnel-line.ts'
import { printable, type Terminal } from '../terminal.ts'

/** `akshi peers`: every node that is known, with the reasons. */
export function addPeers (program: Command, invocation: Invocation): void {
  program.command('peers')
    .summary('show every known node and why it is in or out')
    .description('Shows every node that this one knows: its trust and why, where it was seen, how envelopes reach it and why, and what it lacks.')
    .addHelpText('after', examples([['akshi peers', ''], ['akshi peers --json', 'for scripts']], 'akshi trust NAME lets a pending node in; akshi why NAME tells what became of its addresses'))
    .action(async () => {
      const peers = await invocation.withNode((client) => client.peers())
      invocation.terminal.result({ peers }, () => peers.length === 0
        ? ['no peers yet: none is listed in runtime.toml, and no discovery has found one']
        : peers.flatMap((peer) => describePeer(peer, invocation.terminal)))
    })
}

const trustStyles = { trusted: 'green', pending: 'yellow', blocked: 'red' } as const

function describePeer (peer: PeerStatus, terminal: Terminal): string[] {
  const places = peer.addresses.map(placeOf)
  const { path, link, lag = 0 } = peer
  return [
    `${terminal.style('bold', printable(peer.name))}  ${peer.did}`,
    `  trust  ${terminal.style(trustStyles[peer.trust], peer.trust)}: ${printable(peer.trustReason)}`,
    `  seen   ${peer.sources.join(', ') || 'never'}${places.length > 0 ? ` at ${places.join(', ')}` : ''}`,
    ...(peer.health === undefined ? [] : [`  health ${peer.health}${peer.seenAt === undefined ? '' : `, last sign of life ${peer.seenAt}`}`]),
    ...(link === undefined ? [] : [`  link   ${link.transport} is ${link.state}: ${printable(link.reason)}`]),
    ...(peer.tunnel === undefined ? [] : [`  tunnel ${describeTunnel(peer.tunnel)}`]),
    ...(path === undefined ? [] : [`  path   ${describePath(path)}`]),
    ...(peer.trust === 'trusted' ? [`  lag    ${peer.converged === true ? 'none, it has the same' : String(lag)}`] : [])
  ]
}
