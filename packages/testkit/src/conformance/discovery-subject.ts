import type { Address, Announcement, Did, Discovery, Identity, SignedAnnouncement } from '@akshi/core'
import { plainAnnouncement, sign } from './signed-announcement.ts'
import { World, type Place, type PluginSetting } from './world.ts'

/** A discovery of a node of its own, not started. */
export interface DiscoveryEnd {
  readonly discovery: Discovery
  /** Addresses that this discovery can make others find; other ones for another turn. */
  readonly addresses: (turn: number) => readonly Address[]
  /** What it still has open, by name. Asked after it has stopped. */
  readonly leftovers: () => readonly string[]
}

/** A network for one case. */
export interface DiscoveryWorld {
  end (identity: Identity): Promise<DiscoveryEnd>
  /** Moves virtual time on. Without it time passes by itself. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined
  /** Does what somebody else must do before a node is found where it announced itself. */
  readonly spread?: ((did: Did, addresses: readonly Address[]) => Promise<void>) | undefined
  /** Lets everybody hear what makes no sense, and claims with a DID that is none. */
  readonly disturb?: (() => Promise<void>) | undefined
  /** Called when the case is over and every end has been stopped. */
  close (): Promise<void>
}

/** A discovery as the cases see it. `discoverySubject` makes one from a plugin. */
export interface DiscoverySubject {
  /** Names of cases that do not apply, each with the reason. */
  readonly exempt?: Readonly<Record<string, string>> | undefined
  /** What its worlds can do besides, for the cases that need it. */
  readonly can: readonly 'disturb'[]
  /** How long to wait for what must happen. Default: 5 s, or 10 min where time is virtual. */
  readonly deadlineMs?: number | undefined
  open (): Promise<DiscoveryWorld>
}

export interface DiscoverySubjectOptions extends Pick<DiscoverySubject, 'exempt' | 'deadlineMs'> {
  /** What to set up in the folder of one case. */
  readonly open: (place: Place) => PluginSetting | Promise<PluginSetting>
  /** Addresses that the n-th end can make others find, others for another turn. Default: ports of 192.0.2.n (RFC 5737). */
  readonly addresses?: (number: number, turn: number) => readonly Address[]
  /** For a discovery whose `announce` does nothing: writes the file, say, that an operator would write. Called after each `announce`. */
  readonly spread?: (place: Place, did: Did, addresses: readonly Address[]) => Promise<void>
  readonly disturb?: (place: Place) => Promise<void>
}

/** The subject for a plugin that adds a discovery: `discoverySubject({ open: () => ({ plugin }) })`. */
export function discoverySubject ({ exempt, deadlineMs, open, addresses = documentationAddresses, spread, disturb }: DiscoverySubjectOptions): DiscoverySubject {
  return {
    exempt,
    deadlineMs,
    can: disturb === undefined ? [] : ['disturb'],
    async open () {
      const world = await World.open(open)
      return {
        end: (identity) => makeEnd(world, identity, addresses),
        advance: world.advance,
        spread: spread && ((did, found) => spread(world.place, did, found)),
        disturb: disturb && (() => disturb(world.place)),
        close: () => world.close()
      }
    }
  }
}

/** What a node would announce, signed as core signs it. */
export function announce (identity: Identity, seq: number, addresses: readonly Address[]): SignedAnnouncement {
  const announcement: Announcement = plainAnnouncement(identity, seq, addresses)
  return sign(identity, announcement)
}

function documentationAddresses (number: number, turn: number): readonly Address[] {
  return [{ host: `192.0.2.${number}`, port: 3_210 + turn }]
}

async function makeEnd (world: World, identity: Identity, addresses: (number: number, turn: number) => readonly Address[]): Promise<DiscoveryEnd> {
  const { home, number } = await world.setUp(identity)
  const { discovery } = home.parts
  if (discovery === undefined) throw new TypeError('The plugin adds no discovery')
  return { discovery, addresses: (turn) => addresses(number, turn), leftovers: () => [...home.leftovers(), ...world.leftovers] }
}
