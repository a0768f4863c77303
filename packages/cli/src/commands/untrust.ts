import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../terminal.ts'

/** `akshi untrust`: takes trust back, at once and for good. */
export function addUntrust (program: Command, invocation: Invocation): void {
  program.command('untrust')
    .summary('trust a node no more')
    .description('Takes trust in a node back, at once and for good, whatever runtime.toml says of it: it gets nothing more, and what it writes from now on is set aside. What it wrote before stays. "akshi trust" gives it back, and takes in what was set aside.')
    .argument('<did-or-name>', 'a DID, or a name that "akshi peers" shows')
    .addHelpText('after', examples([['akshi untrust beta', 'the one node called beta']], 'a stolen key: do it on every node, and give the machine a new key'))
    .action(async (who: string) => {
      const peer = await invocation.withNode((client) => client.untrust(who))
      invocation.terminal.result(peer, () => [
        `no longer trusted: ${printable(peer.name)} ${peer.did}`,
        'What it wrote so far stays. The other nodes decide for themselves.',
        `To trust it again: ${invocation.command(`trust ${peer.did}`)}`
      ])
    })
}
