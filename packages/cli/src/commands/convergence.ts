import type { Convergence } from '@akshi/core'
import type { Command } from 'commander'
import { convergencePage } from '../convergence-page.ts'
import { EndedWith } from '../exit-codes.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../terminal.ts'

/** `akshi convergence`: is everything everywhere, and if not, what is missing, who has it, and why. */
export function addConvergence (program: Command, invocation: Invocation): void {
  program.command('convergence')
    .summary('tell whether everything is everywhere, and what is missing')
    .description('Tells whether every trusted peer has what this node has, as the peers said themselves; and if not, what is missing where, who has it, why, and what to do. Exit code 0 when converged, 5 when not.')
    .argument('[agent]', 'whose journal; default all')
    .addHelpText('after', examples([
      ['akshi convergence', ''],
      ['akshi convergence notes', 'one journal'],
      ['akshi convergence --json', 'all of it, for scripts']
    ], 'akshi wait --converged waits until it is so'))
    .action(async (agent: string | undefined) => {
      const convergence = await invocation.withNode((client) => client.convergence(agent))
      const { terminal, io: { clock } } = invocation
      terminal.result(convergence, () => convergencePage(convergence, nextOf(convergence, invocation), terminal, clock.now()))
      if (!convergence.converged) throw new EndedWith(5)
    })
}

/** What to do, the most useful first. */
function nextOf ({ converged, peers, missing, parked, quarantined }: Convergence, invocation: Invocation): string[] {
  const unlinked = peers.find(({ linked }) => !linked)
  const strangers = parked.find(({ why }) => why === 'trust')
  const isLost = missing.some(({ has, shared = [] }) => has.length === 0 && shared.length === 0) || parked.some(({ why }) => why === 'before')
  const steps = [
    ...(unlinked === undefined ? [] : [`${invocation.command(`why ${printable(unlinked.name)}`)} tells what became of its addresses`]),
    ...(isLost ? [`start a node that has what is missing, or bring it in: ${invocation.command('journal import FILE')}`] : []),
    ...(strangers === undefined ? [] : [`${invocation.command(`trust ${strangers.origin}`)} takes in what waits for it, if you know it`]),
    ...(quarantined.length === 0 ? [] : [`${invocation.command('journal verify')} checks what is on disk here`])
  ]
  return steps.length > 0 || converged ? steps : [peers.length === 0 ? `${invocation.command('peers')} shows whom to trust` : `${invocation.command('wait --converged')} waits for it`]
}
