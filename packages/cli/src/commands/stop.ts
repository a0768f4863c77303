import { MeshError } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import { findRunning, type Invocation } from '../invocation.ts'

const pollMs = 50
const limitMs = 30_000

/** `akshi stop`: ends the node of this home as Ctrl-C would. */
export function addStop (program: Command, invocation: Invocation): void {
  program.command('stop')
    .summary('stop the running node')
    .description('Asks the node of this home to stop, as Ctrl-C would, and waits until it has. Exit code 4 when none is running.')
    .addHelpText('after', examples([['akshi run --home ./beta & akshi stop --home ./beta', '']]))
    .action(() => stop(invocation))
}

async function stop (invocation: Invocation): Promise<void> {
  const { config } = await invocation.loadConfig()
  const { clock } = invocation.io
  // The node itself says its process id: a note on disk may be old, and the id somebody else's by now.
  const { pid, name } = await invocation.withNode((client) => client.status())
  process.kill(pid, 'SIGTERM')
  const deadline = clock.monotonic() + limitMs
  while (await findRunning(config) !== undefined) {
    if (clock.monotonic() > deadline) throw new MeshError('MESH_TIMEOUT', `Process ${pid} has not stopped in ${limitMs / 1000} s. To end it at once: kill -9 ${pid}`)
    await clock.sleep(pollMs)
  }
  invocation.terminal.result({ name, pid, stopped: true }, () => [`${name} has stopped`])
}
