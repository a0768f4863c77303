import { ensureIdentity, ensureToken, homePaths, type RuntimeConfig } from '@akshi/core'
import type { Command } from 'commander'
import { parsePort } from '../arguments.ts'
import { examples } from '../guide.ts'
import { ensureConfig, type ConfigWishes } from '../home-files.ts'
import { readToken, type Invocation } from '../invocation.ts'

/** One thing that a node needs on disk, and whether this run made it. */
interface Item {
  readonly what: string
  readonly path: string
  readonly created: boolean
}

/** `akshi init`: everything a node needs on disk. What is there is kept, so it can be run again at any time. */
export function addInit (program: Command, invocation: Invocation): void {
  program.command('init')
    .summary('make a node: its key, token and runtime.toml')
    .description('Makes what a node needs on disk: its key (which is its identity), the token for its local API, and a commented runtime.toml. Never overwrites: run it again to see what is there.')
    .option('--name <name>', 'what to call the node (default: the name of this machine)')
    .option('--port <port>', 'its one network port (default: 3210)', parsePort)
    .option('--loopback', 'this machine only: listen and look for peers on 127.0.0.1')
    .addHelpText('after', examples([
      ['akshi init --name alpha', 'a node in ~/.akshi'],
      ['akshi init --name alpha --loopback', 'to try it out'],
      ['akshi init --home ./beta --name beta --port 3211', 'a second node beside it']
    ], 'akshi run'))
    .action((wishes: ConfigWishes) => init(invocation, wishes))
}

async function init (invocation: Invocation, wishes: ConfigWishes): Promise<void> {
  const { loaded: { config, path = '' }, created } = await ensureConfig(invocation, wishes)
  const { key, token } = homePaths(config.node.home)
  const node = await ensureIdentity(key)
  const items: readonly Item[] = [
    { what: 'configuration', path, created },
    { what: 'key', path: key, created: node.created },
    ...await ensureTokenItem(config, token)
  ]
  const { name, home } = config.node
  const { did } = node.identity
  invocation.terminal.result({ name, did, home, files: items }, () => [
    ...items.map(({ what, path, created }) => `${created ? 'made' : 'kept'}  ${what.padEnd(13)}  ${path}`),
    '', `${name} is ${did}`, `Next: ${invocation.command('run')}`
  ])
  if (!created && (wishes.name !== undefined || wishes.port !== undefined)) {
    invocation.hint(`${path} was kept as it is: change name and port there.`)
  }
}

/** A token that the configuration gives needs no file. */
async function ensureTokenItem (config: RuntimeConfig, path: string): Promise<readonly Item[]> {
  if (config.dashboard.token !== undefined) return []
  const created = await readToken(config) === undefined
  await ensureToken(path)
  return [{ what: 'token', path, created }]
}
