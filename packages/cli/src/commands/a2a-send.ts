import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { MeshError } from '@akshi/core'
import type { TaskView } from '@akshi/plugin-a2a'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import type { Io } from '../io.ts'
import { printable } from '../terminal.ts'
import { A2aConnection } from './a2a-connection.ts'

interface SendFlags {
  readonly file?: string
  readonly wait: boolean
}

/** `akshi a2a send`: a message, and what comes of it. */
export function addA2aSend (a2a: Command, invocation: Invocation): void {
  a2a.command('send')
    .summary('send a message to an agent, and print its answer')
    .description('Sends text, a file or both to an agent, waits for the end of its task and prints the answer. Ctrl-C stops waiting, not the task.')
    .argument('<agent>', 'AGENT, or AGENT@NODE with the name or DID of its node')
    .argument('[text...]', 'what to say')
    .option('--file <file>', 'send this file too, as it is')
    .option('--no-wait', 'print the id of the task at once')
    .addHelpText('after', examples([['akshi a2a send planner "two days in Rome"', ''], ['akshi a2a send planner@beta --file trip.pdf "shorter"', 'on one node'], ['akshi a2a send planner "hello" --no-wait --json', 'for scripts']], 'akshi a2a tasks shows what became of it'))
    .action((agent: string, words: readonly string[], flags: SendFlags) => send(invocation, agent, words.join(' '), flags))
}

async function send (invocation: Invocation, to: string, text: string, { file, wait }: SendFlags): Promise<void> {
  const { io, terminal } = invocation
  const parts = [...text === '' ? [] : [{ text }], ...file === undefined ? [] : [await filePart(resolve(io.cwd, file))]]
  if (parts.length === 0) throw new MeshError('MESH_REQUEST_INVALID', 'There is nothing to send. Give a text, or --file.')
  await A2aConnection.with(invocation, async (node) => {
    const sent = await node.post<TaskView>('/tasks', { to, parts })
    const task = wait ? await ended(node, sent, io) : sent
    terminal.result(task, () => wait && task.status === 'completed' ? linesOf(task) : [`${task.id} is ${task.state}`])
    if (task.status === 'failed') throw new MeshError('MESH_SEND_FAILED', `The task ended as ${task.state}: ${task.error ?? (task.output === '' ? 'the agent did not say why' : task.output)}`)
  })
}

function linesOf ({ output, truncated }: TaskView): string[] {
  return [...output.split('\n').map(printable), ...truncated === true ? ['(cut: the whole answer is at the agent\'s node; ask for it with an A2A client)'] : []]
}

async function filePart (path: string): Promise<object> {
  try {
    return { raw: (await readFile(path)).toString('base64'), filename: basename(path), mediaType: 'application/octet-stream' }
  } catch (cause) {
    throw new MeshError('MESH_REQUEST_INVALID', `Cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

async function ended (node: A2aConnection, sent: TaskView, io: Io): Promise<TaskView> {
  let latest = sent
  for await (const { task } of node.events<TaskView>(`?task=${sent.id}`, io.interruption())) {
    if (latest.queued_until === undefined && task.queued_until !== undefined) io.stderr.write(`Its node cannot be met now; the message waits until ${printable(task.queued_until)}. Ctrl-C stops waiting, not the message: akshi a2a tasks ${task.id}\n`)
    latest = task
  }
  return latest
}
