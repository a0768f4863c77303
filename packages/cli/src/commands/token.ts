import { homePaths, MeshError } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import { readToken, type Invocation } from '../invocation.ts'

/** `akshi token`: the bearer token of the local API. Needs no running node. */
export function addToken (program: Command, invocation: Invocation): void {
  program.command('token')
    .summary('print the token of the local API')
    .description('Prints the bearer token that the local API asks for. Whoever has it controls the node. Needs no running node.')
    .addHelpText('after', examples([
      ['curl -H "Authorization: Bearer $(akshi token)" http://127.0.0.1:3210/api/v1/status', '']
    ]))
    .action(async () => {
      const { config } = await invocation.loadConfig()
      const token = await readToken(config)
      if (token === undefined) {
        throw new MeshError('MESH_TOKEN_INVALID', `There is no token at ${homePaths(config.node.home).token}. Run: akshi init`)
      }
      invocation.terminal.result({ token }, () => [token])
    })
}
