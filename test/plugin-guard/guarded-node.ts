import { createLogger, createNode, ensureIdentity, homePaths, loadConfig, systemClock, type PluginObject, type Runtime } from '@akshi/core'
import guard from '@akshi/plugin-guard'
import { MemoryNetwork, seededRandom } from '@akshi/testkit'
import type { Static } from 'typebox'

export type GuardSettings = Partial<Static<typeof guard.config>>

export interface NodeSettings {
  readonly home: string
  readonly name?: string
  readonly network?: MemoryNetwork
  /** No guard when it is `false`. */
  readonly guard?: GuardSettings | false
  /** Gets each line of the log. */
  readonly log?: (line: string) => void
  readonly more?: readonly PluginObject[]
  readonly meshSecret?: string
}

export function memoryNetwork (): MemoryNetwork {
  return new MemoryNetwork({ clock: systemClock, random: seededRandom(1) })
}

/** A real node, started, on the file system and a network in memory, that trusts whoever is proven. */
export async function startNode ({ home, name = 'alpha', network = memoryNetwork(), guard: settings = {}, log = () => {}, more = [], meshSecret }: NodeSettings): Promise<Runtime> {
  const { identity: { did } } = await ensureIdentity(homePaths(home).key)
  const flags = { 'node.name': name, 'dashboard.port': 0, 'dashboard.bind': '127.0.0.1', 'mesh.trust': 'open', ...meshSecret !== undefined && { 'mesh.secret': meshSecret } }
  const { config } = await loadConfig({ cwd: home, env: { HOME: home }, home, flags })
  const plugins: PluginObject[] = [...more, ...settings === false ? [] : [{ plugin: guard as never, config: { ...settings } }], { plugin: network.transport(did) }, { plugin: network.discovery(did) }]
  const node = await createNode({ config, configDir: home, logger: createLogger({ level: 'debug', format: 'json', clock: systemClock, write: log }), plugins })
  await node.start()
  return node
}

/** Bodies of a journal from its start, as they come, up to one that equals `last`. */
export async function bodiesUntil (node: Runtime, journal: string, last: unknown): Promise<unknown[]> {
  const bodies: unknown[] = []
  const { cursor: since } = await node.control.read('a-journal-that-is-not-there')
  for await (const { entry } of node.control.tail(journal, { since })) {
    bodies.push(entry.body)
    if (JSON.stringify(entry.body) === JSON.stringify(last)) break
  }
  return bodies
}
