import type { AgentView } from '@akshi/plugin-a2a'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../terminal.ts'
import { A2aConnection } from './a2a-connection.ts'

/** `akshi agents`: who on the mesh can do what. */
export function addAgents (program: Command, invocation: Invocation): void {
  program.command('agents')
    .summary('show the agents of the mesh and what they can do')
    .description('Shows the agents of this node and of trusted ones that take A2A messages, each with its skills and the address for A2A clients on this machine.')
    .option('--skill <skill>', 'only those that have this skill')
    .addHelpText('after', examples([['akshi agents', ''], ['akshi agents --skill plan', 'who can plan'], ['akshi agents --json', 'for scripts']], 'akshi a2a send AGENT@NODE "text" sends one a message'))
    .action(async ({ skill }: { readonly skill?: string }) => {
      const query = skill === undefined ? '' : `?skill=${encodeURIComponent(skill)}`
      const { agents } = await A2aConnection.with(invocation, (node) => node.get<{ readonly agents: readonly AgentView[] }>(`/agents${query}`))
      invocation.terminal.result({ agents }, () => agents.length === 0
        ? [skill === undefined ? 'no agent takes messages: none has a url or module under [[agents]], here or on a trusted node' : `no agent has the skill ${printable(skill)}`]
        : agents.flatMap((agent) => describeAgent(agent)))
    })
}

function describeAgent ({ name, node, skills, url }: AgentView): string[] {
  return [`${name}@${printable(node.name)}`, `  skills ${skills.length === 0 ? 'none' : printable(skills.join(', '))}`, `  node   ${node.did}`, `  url    ${url}`]
}
