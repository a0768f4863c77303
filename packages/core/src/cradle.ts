import { asValue, createContainer, InjectionMode, type AwilixContainer } from 'awilix/browser'
import type { Announcer } from './announcer.ts'
import type { Checks } from './checks.ts'
import type { Clock } from './clock.ts'
import type { RuntimeConfig } from './config.ts'
import type { NodeControl } from './control.ts'
import type { PluginHooks } from './hooks.ts'
import type { HttpRoutes } from './http-routes.ts'
import type { Identity } from './identity.ts'
import type { Logger } from './logger.ts'
import type { Messages } from './messages/messages.ts'
import type { Random } from './random.ts'
import type { PeerBook } from './peer-book.ts'
import type { PeerCalls } from './peer-calls.ts'
import type { Tunnels } from './tunnels.ts'
import type { Writes } from './write-gate.ts'

/** How this node is set up, for the parts that need to know. */
export interface NodeSettings {
  readonly name: string
  /** Absolute path of the node's folder. */
  readonly home: string
  readonly meshId: string
  /** What the members of this mesh find each other by where others look too; it admits nobody. */
  readonly meshSecret?: string | undefined
  readonly version: string
  /** Absolute path of the folder that paths in the configuration start at. */
  readonly configDir: string
  /** As configured. */
  readonly agents: RuntimeConfig['agents']
  readonly dashboard: {
    readonly port: number
    readonly bind: string
    readonly token: string
    readonly auth: boolean
    readonly remote: boolean
    readonly rateLimitPerMinute: number
    readonly rateLimitBurst: number
  }
}

/** Every token of the container, and the interface behind it. */
export interface Cradle {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly identity: Identity
  readonly settings: NodeSettings
  readonly hooks: PluginHooks
  readonly peerBook: PeerBook
  readonly announcer: Announcer
  readonly control: NodeControl
  readonly httpRoutes: HttpRoutes
  readonly tunnels: Tunnels
  readonly peerCalls: PeerCalls
  readonly writes: Writes
  readonly messages: Messages
  readonly checks: Checks
}

/** The container of one runtime: strict, so that a scope cannot capture another's values. */
export function createCradle (values: Omit<Cradle, 'hooks'>): AwilixContainer<Cradle> {
  const container = createContainer<Cradle>({ injectionMode: InjectionMode.PROXY, strict: true })
  for (const [name, value] of Object.entries(values)) container.register(name, asValue(value))
  return container
}

/** What is each plugin's own. */
export type OwnTokens = Pick<Cradle, 'clock' | 'logger' | 'hooks' | 'httpRoutes' | 'checks' | 'messages'> & { readonly config: unknown }

/** A plugin's own scope: its configuration, and what it reaches or is reached by under its own name; seen by nobody else. */
export function createPluginScope (container: AwilixContainer<Cradle>, own: OwnTokens): AwilixContainer<Cradle & { config: unknown }> {
  const scope = container.createScope<{ config: unknown }>()
  for (const [name, value] of Object.entries(own)) scope.register(name, asValue(value))
  return scope
}
