import type { AgentExecutor } from '@a2a-js/sdk/server'
import { MeshError } from '@akshi/core'
import { definitionInCode, type AgentCardPart, type AgentDefinition, type AgentOptions } from './agent-definition.ts'

/** The agents of one node: those of its configuration, and those that its program adds and takes away. */
export class AgentRegistry {
  readonly #agents = new Map<string, AgentDefinition>()
  readonly #listeners = new Set<() => void>()

  /**
   * Adds an agent, at any time. Returns the way to take it away again.
   *
   * @throws MeshError `MESH_CONFIG_INVALID` for a name that is taken or cannot be one.
   */
  registerAgent (name: string, card: AgentCardPart, executor: AgentExecutor, options?: AgentOptions): () => void {
    return this.add(definitionInCode(name, card, executor, options))
  }

  /** As `registerAgent`, for any kind of agent. */
  add (definition: AgentDefinition): () => void {
    const { name } = definition
    if (this.#agents.has(name)) throw new MeshError('MESH_CONFIG_INVALID', `There are two agents named "${name}"; rename one.`)
    this.#agents.set(name, definition)
    this.#changed()
    return () => {
      if (this.#agents.get(name) !== definition) return
      this.#agents.delete(name)
      this.#changed()
    }
  }

  get (name: string): AgentDefinition | undefined {
    return this.#agents.get(name)
  }

  all (): readonly AgentDefinition[] {
    return [...this.#agents.values()]
  }

  onChange (listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed (): void {
    for (const listener of this.#listeners) listener()
  }
}
