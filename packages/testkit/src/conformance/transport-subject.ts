import type { Address, Identity, Transport } from '@akshi/core'
import { World, type Place, type PluginSetting } from './world.ts'

/** A transport of a node of its own, not started. */
export interface TransportEnd {
  readonly transport: Transport
  /** Where others dial it, while it runs; none where everybody shares one place. */
  readonly addresses: () => readonly Address[]
  /** What it still has open, by name. Asked after it has stopped. */
  readonly leftovers: () => readonly string[]
}

/** A network, or a place to share, for one case. */
export interface TransportWorld {
  /** Makes an end; the same identity again is the next life of the same node. */
  end (identity: Identity): Promise<TransportEnd>
  /** Moves virtual time on. Without it time passes by itself. */
  readonly advance?: ((ms: number) => Promise<void>) | undefined
  /** Damages what lies in the shared place, and puts foreign things beside it. */
  readonly damage?: (() => Promise<void>) | undefined
  /** Puts the shared place out of reach; resolves to the way to bring it back. */
  readonly takeAway?: (() => Promise<() => Promise<void>>) | undefined
  /** Called when the case is over and every end has been stopped. */
  close (): Promise<void>
}

/** A transport as the cases see it. `transportSubject` makes one from a plugin. */
export interface TransportSubject {
  readonly reach: Transport['reach']
  /** Names of cases that do not apply, each with the reason; for instance, a network in memory cannot prove keys. */
  readonly exempt?: Readonly<Record<string, string>> | undefined
  /** What its worlds can do besides, for the cases that need it. */
  readonly can: readonly ('damage' | 'takeAway')[]
  /** How long to wait for what must happen. Default: 5 s, or 10 min where time is virtual. */
  readonly deadlineMs?: number | undefined
  open (): Promise<TransportWorld>
}

export interface TransportSubjectOptions extends Pick<TransportSubject, 'reach' | 'exempt' | 'deadlineMs'> {
  /** What to set up in the folder of one case. */
  readonly open: (place: Place) => PluginSetting | Promise<PluginSetting>
  readonly damage?: (place: Place) => Promise<void>
  readonly takeAway?: (place: Place) => Promise<() => Promise<void>>
}

/**
 * The subject for a plugin that adds a transport: `transportSubject({ reach: 'peer', open: () => ({ plugin }) })`. Ends
 * are dialled at what the plugin adds to the announcement.
 */
export function transportSubject ({ reach, exempt, deadlineMs, open, damage, takeAway }: TransportSubjectOptions): TransportSubject {
  return {
    reach,
    exempt,
    deadlineMs,
    can: [...damage === undefined ? [] : ['damage' as const], ...takeAway === undefined ? [] : ['takeAway' as const]],
    async open () {
      const world = await World.open(open)
      return {
        end: (identity) => makeEnd(world, identity),
        advance: world.advance,
        damage: damage && (() => damage(world.place)),
        takeAway: takeAway && (() => takeAway(world.place)),
        close: () => world.close()
      }
    }
  }
}

async function makeEnd (world: World, identity: Identity): Promise<TransportEnd> {
  const { home } = await world.setUp(identity)
  const { transport } = home.parts
  if (transport === undefined) throw new TypeError('The plugin adds no transport')
  return { transport, addresses: () => home.announcement().announcement.addresses, leftovers: () => [...home.leftovers(), ...world.leftovers] }
}
