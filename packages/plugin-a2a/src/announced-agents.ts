import { isDid, type Announcement, type Did } from '@akshi/core'

/** What an announcement says of one agent. */
export interface AnnouncedAgent {
  readonly name: string
  readonly did: Did | undefined
  /** SHA-256 of its signed card; `undefined` where there was no room to say. */
  readonly cardHash: Uint8Array | undefined
  readonly skills: readonly string[]
}

/** Announcements have room for 16 KiB, which all plugins share. */
const maxBytes = 8_192
const maxSkills = 16
/** Keys, lengths and the hash. */
const overheadBytes = 72

/** Adds this node's agents to its announcement, in the order given, as far as there is room. Those left out can be called all the same. */
export function announceAgents (announcement: Announcement, agents: readonly AnnouncedAgent[]): Announcement {
  let room = maxBytes
  const listed = agents.flatMap(({ name, did, cardHash, skills: all }) => {
    const skills = all.slice(0, maxSkills)
    room -= overheadBytes + 2 * Buffer.byteLength(name) + (did?.length ?? 0) + Buffer.byteLength(skills.join('')) + 3 * skills.length
    return room < 0 ? [] : [{ name, did, card: cardHash, skills }]
  })
  const names = [...new Set([...announcement.agents, ...listed.map(({ name }) => name)])].slice(0, 256)
  return { ...announcement, agents: names, capabilities: [...announcement.capabilities, 'a2a'], extra: { ...announcement.extra, a2a: { agents: listed } } }
}

/** The agents of another node that can be sent messages, as far as it says. What makes no sense in it is left out. */
export function announcedAgents (announcement: Announcement | undefined): readonly AnnouncedAgent[] {
  const { agents } = (announcement?.extra['a2a'] ?? {}) as { readonly agents?: unknown }
  return Array.isArray(agents) ? agents.slice(0, 256).flatMap(readAgent) : []
}

function readAgent (value: unknown): AnnouncedAgent[] {
  const { name, did, card, skills } = (value ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return []
  return [{
    name,
    did: typeof did === 'string' && isDid(did) ? did : undefined,
    cardHash: card instanceof Uint8Array && card.length === 32 ? card : undefined,
    skills: Array.isArray(skills) ? skills.slice(0, maxSkills).filter((skill) => typeof skill === 'string' && skill.length <= 256) : []
  }]
}
