import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { addA2aSend } from './a2a-send.ts'
import { addA2aTail } from './a2a-tail.ts'
import { addA2aTasks } from './a2a-tasks.ts'

/** `akshi a2a`: messages to agents, and their tasks. */
export function addA2a (program: Command, invocation: Invocation): void {
  const a2a = program.command('a2a')
    .summary('send messages to agents, and follow their tasks')
    .description('Talks A2A with agents of this node and of trusted ones. Programs use any A2A client with the address that "akshi agents" shows and the token of "akshi token".')
  for (const add of [addA2aSend, addA2aTasks, addA2aTail]) add(a2a, invocation)
}
