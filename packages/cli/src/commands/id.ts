import { homePaths, readIdentity, type Identity } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

/** `akshi id`: who this node is, read from its key. Needs no running node. */
export function addId (program: Command, invocation: Invocation): void {
  program.command('id')
    .summary("show the node's name, DID and public keys")
    .description('Shows who this node is: its name, its DID, and the public keys that others see. Needs no running node.')
    .addHelpText('after', examples([['akshi id', ''], ['akshi id --json', 'for scripts']], 'give the DID to another node: akshi trust DID'))
    .action(async () => {
      const { config } = await invocation.loadConfig()
      const identity = await readIdentity(homePaths(config.node.home).key)
      const card = describeIdentity(identity, config.node.name, config.agents.map(({ name }) => name))
      invocation.terminal.result(card, () => [
        `name         ${card.name}`,
        `DID          ${card.did}`,
        `public key   ${card.publicKey}`,
        `sealing key  ${card.sealingKey}`,
        ...card.agents.map(({ name, did }) => `agent        ${name}  ${did}`)
      ])
    })
}

function describeIdentity (identity: Identity, name: string, agents: readonly string[]) {
  return {
    name,
    did: identity.did,
    publicKey: Buffer.from(identity.publicKey).toString('base64'),
    sealingKey: Buffer.from(identity.sealingKey).toString('base64'),
    agents: agents.map((agent) => ({ name: agent, did: identity.agentDid(agent) }))
  }
}
