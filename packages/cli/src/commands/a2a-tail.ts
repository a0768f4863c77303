import { MeshError } from '@akshi/core'
import type { TaskView } from '@akshi/plugin-a2a'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { A2aConnection } from './a2a-connection.ts'
import { describeTask } from './a2a-tasks.ts'

/** `akshi a2a tail`: tasks as they change, until Ctrl-C. */
export function addA2aTail (a2a: Command, invocation: Invocation): void {
  a2a.command('tail')
    .summary('follow tasks, until Ctrl-C')
    .description('Prints each task that goes through this node whenever it changes. Ctrl-C ends it with exit code 0.')
    .addHelpText('after', examples([['akshi a2a tail', ''], ['akshi a2a tail --json', 'a line {"type", "task"} for each change']]))
    .action(() => tail(invocation))
}

async function tail (invocation: Invocation): Promise<void> {
  const { io, terminal } = invocation
  const stop = io.interruption()
  await A2aConnection.with(invocation, async (node) => {
    if (io.stdout.isTTY === true) invocation.hint('following A2A tasks; Ctrl-C ends')
    for await (const event of node.events<TaskView>('', stop)) terminal.item(event, () => describeTask(event.task, terminal).join('\n'))
  })
  if (!stop.aborted) throw new MeshError('MESH_NOT_RUNNING', 'The node has stopped. Start it again: akshi run')
}
