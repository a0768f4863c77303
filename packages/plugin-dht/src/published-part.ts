import { shortDid, type Announcement } from '@akshi/core'
import type { AddressPolicy } from './address-policy.ts'

/** What an operator lets the DHT know: lists of names, `*` for all. */
export interface PublishRules {
  readonly addresses: readonly string[]
  readonly capabilities: readonly string[]
  readonly agents: readonly string[]
}

/**
 * The part of an announcement that goes into the DHT. What a plugin adds goes with the capability of its name; what the operator calls the
 * node stays here, since it tends to say whose machine it is.
 */
export function publishedPart (announcement: Announcement, rules: PublishRules, policy: AddressPolicy): Announcement {
  const capabilities = announcement.capabilities.filter((name) => isListed(rules.capabilities, name))
  return {
    ...announcement,
    name: shortDid(announcement.did),
    addresses: announcement.addresses.filter((address) => policy.allows(address) && isListed(rules.addresses, address.host)),
    capabilities,
    agents: announcement.agents.filter((name) => isListed(rules.agents, name)),
    extra: Object.fromEntries(Object.entries(announcement.extra).filter(([name]) => capabilities.includes(name)))
  }
}

function isListed (list: readonly string[], name: string): boolean {
  return list.includes('*') || list.includes(name)
}
