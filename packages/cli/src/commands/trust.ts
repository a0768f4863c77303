import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../terminal.ts'

/** `akshi trust`: lets a node in, at once and for good. */
export function addTrust (program: Command, invocation: Invocation): void {
  program.command('trust')
    .summary('trust a node, by DID or by name')
    .description('Trusts a node, at once and for good: it gets the journals, and what it writes is taken in. A name must belong to exactly one known node; the DID that is trusted is printed.')
    .argument('<did-or-name>', 'a DID, or a name that "akshi peers" shows')
    .addHelpText('after', examples([
      ['akshi trust beta', 'the one node called beta'],
      ['akshi trust did:key:z6Mk...', 'exactly this node, known or not yet']
    ], 'trust is mutual: do the same on the other node, with the DID that "akshi id" prints here'))
    .action(async (who: string) => {
      const { peer, self } = await invocation.withNode(async (client) => ({
        peer: await client.trust(who),
        self: (await client.status()).did
      }))
      invocation.terminal.result(peer, () => [
        `trusted ${printable(peer.name)}: ${peer.did}`,
        `On that node, if it does not trust this one yet: akshi trust ${self}`
      ])
    })
}
