import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

/** `akshi mesh keygen`: the key of this node's tunnels. Needs no running node. */
export function addMesh (program: Command, invocation: Invocation): void {
  const mesh = program.command('mesh')
    .summary('the key of WireGuard tunnels')
    .description('What others need for a WireGuard tunnel to this node.')
    .addHelpText('after', examples([['akshi mesh keygen', '']]))
  mesh.command('keygen')
    .summary('make the WireGuard key if there is none, and print the public one')
    .description('Makes the X25519 key of this node\'s tunnels, unless it has one, and prints the public key: give it to the operators of peers that cannot meet this node otherwise. Needs no running node.')
    .addHelpText('after', examples([['akshi mesh keygen', ''], ['akshi mesh keygen --json', 'for scripts']], 'a peer puts it into wireguard_public_key of its [[mesh.peers]] entry'))
    .action(async () => {
      const { config: { node: { home } } } = await invocation.loadConfig()
      const { ensureTunnelKey, tunnelAddress, tunnelKeyPath } = await import('@akshi/plugin-wireguard')
      const path = tunnelKeyPath(home)
      const { key: { publicKey }, created } = await ensureTunnelKey(path)
      const address = tunnelAddress(publicKey)
      invocation.terminal.result({ publicKey, address, file: path, created }, () => [
        `public key  ${publicKey}`,
        `address     ${address} inside tunnels`,
        `file        ${path}${created ? ', made now' : ''}`
      ])
    })
}
