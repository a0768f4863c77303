import { join } from 'node:path'
import { definePlugin, MeshError, type Plugin, type PluginCradle } from '@akshi/core'
import { AgentHost } from './agent-host.ts'
import { definitionsOf } from './agent-definition.ts'
import { AgentRegistry } from './agent-registry.ts'
import { announceAgents } from './announced-agents.ts'
import { A2aConfig } from './config.ts'
import { Gateway } from './gateway.ts'
import { KnownAgents } from './known-agents.ts'
import { meshPath, meshRoutes } from './mesh-routes.ts'
import { PostOffice } from './post-office.ts'
import { TaskBoard } from './task-board.ts'
import { TaskSender } from './task-sender.ts'
import { taskApi } from './task-api.ts'
import { wellKnown } from './well-known.ts'

export type A2aPlugin = Plugin<typeof A2aConfig>

/**
 * The plugin for a node whose program adds agents of its own: give `plugin` to `createNode`, and call `registerAgent` at any time,
 * before the start too. One for each node.
 */
export function createA2a (): Pick<AgentRegistry, 'registerAgent'> & { readonly plugin: A2aPlugin } {
  const registry = new AgentRegistry()
  return { plugin: makePlugin(() => registry), registerAgent: (...agent) => registry.registerAgent(...agent) }
}

/** The plugin, as `[[plugins]]` loads it. */
export default makePlugin(() => new AgentRegistry())

function makePlugin (registryOf: () => AgentRegistry): A2aPlugin {
  return definePlugin({ name: 'a2a', apiVersion: 1, config: A2aConfig, setup: (cradle) => setUp(cradle, registryOf()) })
}

function setUp (cradle: PluginCradle<typeof A2aConfig>, registry: AgentRegistry): ReturnType<A2aPlugin['setup']> {
  const { config, settings, identity, announcer, hooks, httpRoutes, peerBook, peerCalls, writes, clock, random, logger } = cradle
  const { did } = identity
  if (config.keep_hours <= config.queue_hours) throw new MeshError('MESH_CONFIG_INVALID', `"keep_hours" (${config.keep_hours}) of plugin-a2a must be more than "queue_hours" (${config.queue_hours}): a message that comes late must still be known.`)
  for (const definition of definitionsOf(settings.agents, config.url_hosts)) registry.add(definition)
  const host = new AgentHost({
    registry,
    identity,
    path: join(settings.home, 'a2a', `${encodeURIComponent(settings.meshId).replaceAll('.', '%2E')}.jsonl`),
    configDir: settings.configDir,
    version: settings.version,
    maxTasksBytes: config.max_tasks_bytes,
    maxMessageBytes: config.max_message_bytes,
    keepMs: config.keep_hours * 3_600_000,
    clock,
    logger,
    changed: () => announcer.refresh()
  })
  const board = new TaskBoard(did, clock, random)
  host.onStore((store) => board.follow(store))
  const announced = () => announcer.current().announcement
  const baseUrl = () => httpRoutes.baseUrl
  const agents = new KnownAgents({ own: did, name: settings.name, peerBook, announced, baseUrl })
  const sender = new TaskSender({ agents, board, baseUrl, token: settings.dashboard.token, logger })
  const local = meshRoutes({ host, own: did, logger })
  const post = new PostOffice({ ...cradle, host, board, home: settings.home, meshId: settings.meshId, keepMs: config.keep_hours * 3_600_000, lifeMs: config.queue_hours * 3_600_000, maxMessageBytes: config.max_message_bytes })
  const ownCard = async (name: string) => {
    await host.ready()
    return host.get(name)?.card.bytes
  }
  const gateway = new Gateway({ own: did, peerBook, peerCalls, writes, board, local, ownCard, queue: post.front, baseUrl, announced, maxMessageBytes: config.max_message_bytes, logger })
  httpRoutes.mount({ path: '/a2a', access: 'local', listener: gateway.listener })
  httpRoutes.mount({ path: meshPath, access: 'mesh', listener: local })
  httpRoutes.mount({ path: '/api/v1/a2a', access: 'local', listener: taskApi({ board, agents, sender, clock, maxBytes: config.max_message_bytes }) })
  const open = wellKnown({ did, name: settings.name, version: settings.version, host, agentDid: (name) => identity.agentDid(name), announced, baseUrl })
  for (const [path, listener] of Object.entries(open)) httpRoutes.mount({ path, access: 'open', listener })
  hooks.assembleAnnouncement.tap('a2a', (announcement) => announceAgents(announcement, host.all().map(({ definition: { name }, card }) => ({
    name, did: identity.agentDid(name), cardHash: card.hash, skills: card.card.skills.map(({ id }) => id)
  }))))
  hooks.onPeerDiscovered.tap('a2a', ({ did: node, trust }) => { if (trust === 'trusted') post.met(node) })
  return {
    service: {
      start: async () => {
        await host.start()
        await post.start()
      },
      stop: async () => {
        sender.stop()
        await post.stop()
        await host.stop()
      }
    }
  }
}
