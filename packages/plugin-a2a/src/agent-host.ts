import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AgentExecutor } from '@a2a-js/sdk/server'
import { describeError, MeshError, type Clock, type Identity, type Logger, type Timer } from '@akshi/core'
import { signCard } from './agent-card.ts'
import type { AgentCardPart, AgentDefinition } from './agent-definition.ts'
import type { AgentRegistry } from './agent-registry.ts'
import { HostedAgent } from './hosted-agent.ts'
import { loadSdk, type Sdk } from './sdk.ts'
import { taskCodec } from './task-codec.ts'
import { A2aStore } from './task-store.ts'
import { UpstreamExecutor } from './upstream-executor.ts'

export interface AgentHostOptions {
  readonly registry: AgentRegistry
  readonly identity: Identity
  /** Where tasks are kept. */
  readonly path: string
  /** Where modules are looked for. */
  readonly configDir: string
  readonly version: string
  readonly maxTasksBytes: number
  readonly maxMessageBytes: number
  readonly keepMs: number
  readonly clock: Clock
  readonly logger: Logger
  /** An agent came, went or has another card. */
  readonly changed: () => void
}

interface Source {
  readonly executor: AgentExecutor
  readonly card: AgentCardPart
  readonly upstream?: UpstreamExecutor
}

const cardTimeoutMs = 2_000
const cardRetryMs = 15_000

/** Runs the agents of the registry. The SDK and the file of tasks are opened for the first agent, so not in a node that has none. */
export class AgentHost {
  readonly #options: AgentHostOptions
  readonly #hosted = new Map<string, HostedAgent>()
  readonly #timers = new Map<string, Timer>()
  readonly #opened: ((store: A2aStore) => void)[] = []
  #changes: Promise<void> = Promise.resolve()
  #store: A2aStore | undefined
  #isStopped = false
  #forget = () => {}

  constructor (options: AgentHostOptions) {
    this.#options = options
  }

  /** Resolves when all agents that are registered answer. Throws what makes one impossible: `A2A_AGENT_INVALID`, `MESH_DISK_FAILED`. */
  async start (): Promise<void> {
    this.#forget = this.#options.registry.onChange(() => { this.#follow().catch((error: unknown) => this.#options.logger.error('an agent could not be added', { error: describeError(error) })) })
    await this.#follow()
  }

  async stop (): Promise<void> {
    this.#isStopped = true
    this.#forget()
    for (const timer of this.#timers.values()) timer.cancel()
    await this.#changes.catch(() => {})
    await this.#store?.close()
  }

  get (name: string): HostedAgent | undefined {
    return this.#hosted.get(name)
  }

  all (): readonly HostedAgent[] {
    return [...this.#hosted.values()]
  }

  /** Resolves when agents that were registered before are there. */
  async ready (): Promise<void> {
    await this.#changes.catch(() => {})
  }

  /** Calls `use` with the store of tasks, once there is one. */
  onStore (use: (store: A2aStore) => void): void {
    if (this.#store === undefined) this.#opened.push(use)
    else use(this.#store)
  }

  /** Makes what is hosted equal to what is registered, one change after the other. */
  #follow (): Promise<void> {
    const change = this.#changes.catch(() => {}).then(() => this.#adapt())
    this.#changes = change
    return change
  }

  async #adapt (): Promise<void> {
    const { registry, changed } = this.#options
    const gone = [...this.#hosted.values()].filter(({ definition }) => registry.get(definition.name) !== definition)
    const added = registry.all().filter((definition) => this.#hosted.get(definition.name)?.definition !== definition)
    for (const { definition: { name } } of gone) this.#drop(name)
    if (added.length > 0 && !this.#isStopped) {
      const sdk = await loadSdk()
      const store = await this.#open(sdk)
      for (const definition of added) await this.#host(definition, sdk, store)
    }
    if (gone.length + added.length > 0) changed()
  }

  async #open (sdk: Sdk): Promise<A2aStore> {
    if (this.#store !== undefined) return this.#store
    const { path, maxTasksBytes, keepMs, clock } = this.#options
    const store = new A2aStore({ path, maxTasksBytes, keepMs, clock, codec: taskCodec(sdk) })
    await store.open()
    this.#store = store
    for (const use of this.#opened) use(store)
    return store
  }

  async #host (definition: AgentDefinition, sdk: Sdk, store: A2aStore): Promise<void> {
    const { identity, version, maxMessageBytes, clock, logger } = this.#options
    const { name } = definition
    const { executor, card: part, upstream } = await this.#sourceOf(definition, sdk)
    const card = await signCard(sdk, identity, name, version, { ...part, ...definition.card })
    const hosted = new HostedAgent({ definition, executor, card, store, codec: taskCodec(sdk), sdk, maxMessageBytes, clock, logger })
    await hosted.recover()
    this.#hosted.set(name, hosted)
    if (upstream !== undefined) await this.#readCard(hosted, upstream, sdk)
  }

  async #sourceOf ({ name, source }: AgentDefinition, sdk: Sdk): Promise<Source> {
    if ('executor' in source) return { executor: source.executor, card: {} }
    if ('module' in source) return await importAgent(name, source.module, this.#options.configDir)
    const upstream = new UpstreamExecutor(source.url, sdk)
    return { executor: upstream, card: {}, upstream }
  }

  /** Takes over what the agent's own server says of it; asks again later while that does not answer. */
  async #readCard (hosted: HostedAgent, upstream: UpstreamExecutor, sdk: Sdk): Promise<void> {
    const { identity, version, clock, logger, changed } = this.#options
    const { name, card: own } = hosted.definition
    try {
      const { description, provider, documentationUrl, iconUrl, defaultInputModes, defaultOutputModes, skills, version: theirs } = await upstream.card(AbortSignal.timeout(cardTimeoutMs))
      const told: AgentCardPart = { description, provider, documentationUrl, iconUrl, defaultInputModes, defaultOutputModes, skills, version: theirs === '' ? version : theirs }
      hosted.card = await signCard(sdk, identity, name, version, { ...told, ...own })
      changed()
    } catch (error) {
      logger.warnOnce(`a2a-card:${name}`, 'an agent\'s own server does not answer yet; it is asked again', { agent: name, reason: describeError(error) })
      if (!this.#isStopped) this.#timers.set(name, clock.timer(cardRetryMs, () => { this.#readCard(hosted, upstream, sdk).catch(() => {}) }))
    }
  }

  #drop (name: string): void {
    this.#hosted.delete(name)
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
  }
}

/** The executor that a module exports, and the part of a card that it may export beside it. */
async function importAgent (name: string, specifier: string, folder: string): Promise<Source> {
  try {
    const module = await import(locate(specifier, folder)) as { readonly default?: Partial<AgentExecutor>, readonly card?: AgentCardPart }
    const { default: executor, card = {} } = module
    if (typeof executor?.execute !== 'function' || typeof executor.cancelTask !== 'function') throw new TypeError('its default export is no executor: an object with execute (request, bus) and cancelTask (taskId, bus)')
    return { executor: executor as AgentExecutor, card }
  } catch (cause) {
    throw new MeshError('A2A_AGENT_INVALID', `The module "${specifier}" of agent "${name}" cannot be used: ${describeError(cause)}`, { cause })
  }
}

function locate (specifier: string, folder: string): string {
  if (/^\.{1,2}[/\\]/.test(specifier) || isAbsolute(specifier)) return pathToFileURL(resolve(folder, specifier)).href
  return specifier.startsWith('file:') ? specifier : pathToFileURL(createRequire(join(folder, 'runtime.toml')).resolve(specifier)).href
}
