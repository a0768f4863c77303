import { parseDid, type RuntimeConfig } from '@akshi/core'
import type { DhtEntry, DhtStatus } from '@akshi/plugin-dht'
import { Option, type Command } from 'commander'
import { ApiConnection } from '../api-connection.ts'
import { examples } from '../guide.ts'
import { findNode, readToken, type Invocation } from '../invocation.ts'
import { placeOf } from '../place.ts'
import { counted, printable } from '../terminal.ts'

const pluginPackage = '@akshi/plugin-dht'

/** `akshi dht status|lookup|members`: how the running node stands in the DHT, and what that knows. */
export function addDht (program: Command, invocation: Invocation): void {
  const dht = program.command('dht')
    .summary('wide-area discovery: how this node stands in the DHT')
    .description('Asks the running node about the DHT, by which members of a mesh find each other where no network is shared.')
    .addHelpText('after', examples([['akshi dht status', ''], ['akshi dht members', 'who is listed for this mesh'], ['akshi dht lookup did:key:z6Mk…', 'what a node publishes']], 'akshi run --dht-bootstrap HOST:PORT joins one'))
  dht.command('status')
    .summary('show whether the node has joined, and what it publishes')
    .description('Shows whether the node has joined the DHT, whom it asked, and how many keep its record.')
    .action(async () => {
      const status = await ask<DhtStatus>(invocation, '/dht/status')
      invocation.terminal.result(status, () => describeStatus(status))
    })
  dht.command('members')
    .summary('show who is listed for this mesh')
    .description('Shows the nodes that are listed in the DHT for this mesh, with what they publish. To be listed proves nothing: akshi peers shows who was met.')
    .action(async () => {
      const { members } = await ask<{ readonly members: readonly DhtEntry[] }>(invocation, '/dht/members')
      invocation.terminal.result({ members }, () => members.length === 0 ? ['no other member of this mesh is listed'] : members.flatMap(describeEntry))
    })
  dht.command('lookup')
    .argument('<did>', 'the DID of a node, of any mesh', parseDid)
    .summary('look up what a node publishes')
    .description('Asks the DHT for the record of a node. What is in it is for members of its mesh.')
    .action(async (did: string) => {
      const entry = await ask<DhtEntry>(invocation, `/dht/lookup?did=${encodeURIComponent(did)}`)
      invocation.terminal.result(entry, () => describeEntry(entry))
    })
}

/** `akshi run --dht-bootstrap`, which may be given several times. */
export function dhtBootstrapOption (): Option {
  return new Option('--dht-bootstrap <address>', 'join the DHT through this node: host:port, DID@host:port or a multiaddr; may be repeated')
    .argParser((address: string, before: readonly string[] = []) => [...before, address])
}

/** The configuration with nodes to join the DHT through: they take the place of those in it, and the plugin is loaded if it was not. */
export function withDhtBootstrap (config: RuntimeConfig, bootstrap: readonly string[] | undefined): RuntimeConfig {
  if (bootstrap === undefined) return config
  const declared = config.plugins.find((plugin) => plugin.package === pluginPackage)
  const plugin = { package: pluginPackage, config: { ...declared?.config, bootstrap } }
  return { ...config, plugins: declared === undefined ? [...config.plugins, plugin] : config.plugins.map((each) => each === declared ? plugin : each) }
}

async function ask<Answer> (invocation: Invocation, path: string): Promise<Answer> {
  const { config } = await invocation.loadConfig()
  const token = await readToken(config)
  const connection = new ApiConnection({ url: await findNode(config), home: config.node.home, ...token !== undefined && { token } })
  try {
    return await connection.call<Answer>('GET', path)
  } finally {
    connection.close()
  }
}

function describeStatus ({ state, role, port, addresses = [], nodes = 0, connections = 0, members = 0, copies = 0, publishedAt, records = 0, listings = 0, tries = [] }: DhtStatus): string[] {
  if (state === 'off') return ['off: set "bootstrap" of @akshi/plugin-dht, or "serve" on the first node']
  return [
    `state    ${state}, ${counted(nodes, 'node')} known, ${counted(connections, 'connection')}`,
    `role     ${role}${role === 'client' ? ': nobody can dial it, so it only asks' : ''}, port ${port}`,
    `at       ${addresses.map(placeOf).join(', ')}`,
    `members  ${members}`,
    `record   ${publishedAt === undefined ? 'not published' : `kept by ${counted(copies, 'node')} since ${publishedAt}`}`,
    `keeps    ${counted(records, 'record')} and ${counted(listings, 'listing')} of others`,
    ...tries.map(({ address, error }) => `tried    ${printable(address)}: ${error === undefined ? 'it answered' : printable(error)}`)
  ]
}

function describeEntry ({ did, source, addresses, capabilities, agents, expiresAt, reason }: DhtEntry): string[] {
  return [
    did,
    ...addresses.length === 0 ? [] : [`  at      ${addresses.map(placeOf).join(', ')}`],
    ...capabilities.length === 0 ? [] : [`  can     ${printable(capabilities.join(', '))}`],
    ...agents.length === 0 ? [] : [`  agents  ${printable(agents.join(', '))}`],
    ...expiresAt === undefined ? [] : [`  until   ${expiresAt}, by ${source}`],
    ...reason === undefined ? [] : [`  note    ${printable(reason)}`]
  ]
}
