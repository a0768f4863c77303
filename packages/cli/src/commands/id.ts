import { homePaths, readIdentity, type Identity } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

/** `akshi id`: who this node is, read from its key. Needs no running node. */
export function addId (program: Command, invocation: Invocation): void {
  program.command('id')
    .summary("show the node's name, DID and public keys")
    .description('Shows who this node is: its name, its DID, and the public keys that others see. Needs no running node.')
    .option('--did', 'print the DID alone')
    .addHelpText('after', examples([['akshi id', ''], ['akshi id --did', 'to be copied, or for scripts'], ['akshi id --json', '']], 'give the DID to another node: akshi trust DID'))
    .action(async ({ did = false }: { readonly did?: boolean }) => {
      const { config } = await invocation.loadConfig()
      const identity = await readIdentity(homePaths(config.node.home).key)
      const card = describeIdentity(identity, config.node.name, config.agents.map(({ name }) => name))
      invocation.terminal.result(card, () => did ? [card.did] : showCard(card))
    })
}

function showCard ({ name, did, publicKey, sealingKey, agents }: ReturnType<typeof describeIdentity>): readonly string[] {
  return [
    `name         ${name}`,
    `DID          ${did}`,
    `public key   ${publicKey}`,
    `sealing key  ${sealingKey}`,
    ...agents.map(({ name, did }) => `agent        ${name}  ${did}`)
  ]
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
