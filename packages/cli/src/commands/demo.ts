import type { Command } from 'commander'
import { runLive } from '../demo/live.ts'
import { runOnce } from '../demo/once.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

interface DemoOptions {
  readonly once?: boolean
  readonly peers: boolean
}

/** `akshi demo`: three real nodes on this machine, in a temporary folder that is removed at the end. */
export function addDemo (program: Command, invocation: Invocation): void {
  program.command('demo')
    .summary('see three nodes find each other on this machine')
    .description('Runs three nodes as processes of their own, on loopback alone, in a temporary folder that is removed at the end. No peers are configured: they find each other by mDNS. Each journals measurements of this machine into the journal "demo"; lines on stdin go to alpha instead.')
    .option('--once', 'end after convergence and print the timings (stdin is not read)')
    .option('--no-peers', 'no discovery: a shared folder is all they have')
    .addHelpText('after', examples([
      ['akshi demo', 'until Ctrl-C'],
      ['tail -F app.log | akshi demo', 'alpha journals your log'],
      ['akshi demo --once --json', 'for CI: exit code 0 means converged']
    ], 'akshi init --name alpha'))
    .action(({ once = false, peers }: DemoOptions) => once ? runOnce(invocation, peers) : runLive(invocation, peers))
}
