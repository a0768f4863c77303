import { describeError, MeshError } from '@akshi/core'
import type { Command } from 'commander'
import type { StateView } from '../api-client.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../terminal.ts'

/** `akshi journal state` and `set`: the document that agents change together. */
export function addJournalState (journal: Command, invocation: Invocation): void {
  journal.command('state')
    .summary("print a journal's state document")
    .description('Prints the state document of a journal as JSON; with --json also its heads, which are equal on nodes that have the same.')
    .argument('<agent>', 'whose journal')
    .addHelpText('after', examples([['akshi journal state notes', '']], "akshi journal set notes '{\"done\": true}'"))
    .action(async (agent: string) => show(invocation, await invocation.withNode((client) => client.state(agent))))
  journal.command('set')
    .summary("change a journal's state document")
    .description('Changes the state document by a JSON merge patch (RFC 7396): members replace those of the same name, objects are merged, null removes. Prints the document as it is then, once the change is durable.')
    .argument('<agent>', 'whose journal; it is made with its first change')
    .argument('<patch>', 'a JSON object')
    .addHelpText('after', examples([
      ["akshi journal set notes '{\"mood\": \"good\"}'", ''],
      ["akshi journal set notes '{\"mood\": null}'", 'removes it']
    ]))
    .action(async (agent: string, text: string) => {
      const patch = parse(text)
      show(invocation, await invocation.withNode((client) => client.patchState(agent, patch)))
    })
}

function show (invocation: Invocation, state: StateView): void {
  invocation.terminal.result(state, () => JSON.stringify(state.value, null, 2).split('\n').map(printable))
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MeshError('MESH_ENTRY_INVALID', `The patch is not JSON: ${describeError(cause)}. Mind the quotes of the shell: '{"name": "value"}'`, { cause })
  }
}
