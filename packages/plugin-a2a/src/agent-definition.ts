import type { AgentCard } from '@a2a-js/sdk'
import type { AgentExecutor } from '@a2a-js/sdk/server'
import { isDid, MeshError, type Did, type NodeSettings } from '@akshi/core'

/** What an agent says of itself; the rest of its card is the node's to say. */
export type AgentCardPart = Partial<Pick<AgentCard, 'description' | 'version' | 'provider' | 'documentationUrl' | 'iconUrl' | 'defaultInputModes' | 'defaultOutputModes' | 'skills'>>

/** An agent of this node: reached at a URL, loaded from a module, or given in code. */
export interface AgentDefinition {
  /** 1 to 64 of a-z, 0-9, dot, hyphen and underscore, as for journals. */
  readonly name: string
  readonly card: AgentCardPart
  /** DIDs, "trusted" and "public". */
  readonly allow: readonly string[]
  /** Whether a message that a crash interrupted may be given to it again. */
  readonly idempotent: boolean
  readonly source: { readonly url: URL } | { readonly module: string } | { readonly executor: AgentExecutor }
}

type AgentEntry = NodeSettings['agents'][number]

export type AgentOptions = Partial<Pick<AgentDefinition, 'allow' | 'idempotent'>>

/**
 * The agents among the entries that can be sent messages.
 *
 * @throws MeshError `MESH_CONFIG_INVALID` for one with both `url` and `module`, or with a host that is not allowed.
 */
export function definitionsOf (entries: readonly AgentEntry[], urlHosts: readonly string[]): AgentDefinition[] {
  return entries.flatMap((entry) => {
    const { name, description, skills = [], allow = ['trusted'], idempotent = false } = entry
    const source = sourceOf(entry, urlHosts)
    if (source === undefined) return []
    return [{ name, card: { ...description !== undefined && { description }, ...skills.length > 0 && { skills: skills.map(plainSkill) } }, allow, idempotent, source }]
  })
}

/** An agent in code. Throws `MESH_CONFIG_INVALID` for a name or caller that `[[agents]]` would refuse. */
export function definitionInCode (name: string, card: AgentCardPart, executor: AgentExecutor, { allow = ['trusted'], idempotent = false }: AgentOptions = {}): AgentDefinition {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) throw new MeshError('MESH_CONFIG_INVALID', `An agent cannot be called ${JSON.stringify(name)}: use 1 to 64 of a-z, 0-9, dot, hyphen and underscore.`)
  const odd = allow.find((caller) => caller !== 'trusted' && caller !== 'public' && !isDid(caller))
  if (odd !== undefined) throw new MeshError('MESH_CONFIG_INVALID', `Agent "${name}" cannot allow ${JSON.stringify(odd)}: use "trusted", "public" or a did:key.`)
  return { name, card, allow, idempotent, source: { executor } }
}

/** Whether a caller that the node trusts may send it messages. The node's own operator always may. */
export function isAllowed ({ allow }: AgentDefinition, caller: Did, own: Did): boolean {
  return caller === own || isPublic({ allow }) || allow.includes('trusted') || allow.includes(caller)
}

/** Whether it is listed to everybody who can reach the port. */
export function isPublic ({ allow }: Pick<AgentDefinition, 'allow'>): boolean {
  return allow.includes('public')
}

function sourceOf ({ name, url, module }: AgentEntry, urlHosts: readonly string[]): AgentDefinition['source'] | undefined {
  if (url !== undefined && module !== undefined) throw new MeshError('MESH_CONFIG_INVALID', `Agent "${name}" has both url and module; keep one.`)
  if (module !== undefined) return { module }
  if (url === undefined) return undefined
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !urlHosts.includes(parsed.hostname)) {
    throw new MeshError('MESH_CONFIG_INVALID', `The url of agent "${name}" is at a host that is not allowed. Allowed are ${urlHosts.join(', ')}: run it there, or add its host to url_hosts of @akshi/plugin-a2a.`)
  }
  return { url: parsed }
}

function plainSkill (id: string): AgentCard['skills'][number] {
  return { id, name: id, description: id, tags: [id], examples: [], inputModes: [], outputModes: [], securityRequirements: [] }
}
