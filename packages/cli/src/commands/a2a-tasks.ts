import type { TaskView } from '@akshi/plugin-a2a'
import type { Command } from 'commander'
import { parseCount } from '../arguments.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable, type Terminal } from '../terminal.ts'
import { A2aConnection } from './a2a-connection.ts'

const shownChars = 60

/** `akshi a2a tasks`: what was sent, and what was asked of this node's agents. */
export function addA2aTasks (a2a: Command, invocation: Invocation): void {
  a2a.command('tasks')
    .summary('show tasks that were sent, and those of this node\'s agents')
    .description('Shows the tasks that went through this node, the newest first: those that it sent, and those that others gave its agents. What is shown of a task ends with what this node heard.')
    .argument('[id]', 'one task alone')
    .option('--limit <count>', 'at most so many', parseCount, 20)
    .addHelpText('after', examples([['akshi a2a tasks', ''], ['akshi a2a tasks --json', 'for scripts']], 'akshi a2a tail shows what happens as it happens'))
    .action(async (id: string | undefined, { limit }: { readonly limit: number }) => {
      const { terminal } = invocation
      const tasks = await A2aConnection.with(invocation, async (node) => id === undefined ? (await node.get<{ readonly tasks: readonly TaskView[] }>('/tasks')).tasks.slice(0, limit) : [await node.get<TaskView>(`/tasks/${encodeURIComponent(id)}`)])
      terminal.result({ tasks }, () => tasks.length === 0 ? ['no tasks yet'] : tasks.flatMap((task) => describeTask(task, terminal)))
    })
}

const styles = { pending: 'yellow', running: 'yellow', completed: 'green', failed: 'red' } as const

/** Two lines for one task. */
export function describeTask ({ id, from, to, status, state, input, output, error, queued_until: until }: TaskView, terminal: Terminal): string[] {
  const result = until === undefined ? cut(error ?? output) : `waits for its node until ${printable(until)}`
  return [
    `${terminal.style('bold', printable(id))}  ${terminal.style(styles[status], printable(state))}  ${from} -> ${printable(to)}`,
    `  ${cut(input)} => ${result}`
  ]
}

function cut (text: string): string {
  return text.length <= shownChars ? printable(text) : `${printable(text.slice(0, shownChars))}...`
}
