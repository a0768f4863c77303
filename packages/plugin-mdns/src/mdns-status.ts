import { describeError, type Did } from '@akshi/core'
import type { Channel, ChannelTraffic } from './channel.ts'
import type { InterfaceSet } from './interface-set.ts'
import type { LanInterface } from './lan-interface.ts'
import type { ServiceName } from './service-name.ts'

/** One interface in one family. */
export interface MdnsInterfaceStatus {
  readonly interface: string
  readonly family: 4 | 6
  readonly address: string
  /** `announced`: others can find this node here. `open`: it listens, and has nothing to announce or waits for its name. */
  readonly state: 'announced' | 'open' | 'failed'
  /** Why it failed. */
  readonly problem?: string
  readonly traffic?: ChannelTraffic
  /** Nodes that were heard here, by their instance names. */
  readonly services?: readonly { readonly name: string, readonly did: Did }[]
}

/** What `GET /api/v1/mdns/status` answers. */
export interface MdnsStatus {
  /** What this node is called: its own name, unless another service has that. Null while it was not announced. */
  readonly name: string | null
  readonly host: string | null
  readonly port: number
  readonly interfaces: readonly MdnsInterfaceStatus[]
  /** What was asked for and is not there. */
  readonly missing: readonly string[]
  /** What is there and was left out, as a tunnel or for containers. */
  readonly left: readonly string[]
}

/** How discovery stands. */
export function statusOf (name: ServiceName | undefined, set: InterfaceSet, port: number): MdnsStatus {
  const { missing, left } = set.selection
  return {
    name: name?.label ?? null,
    host: name?.host ?? null,
    port,
    interfaces: [
      ...set.channels.map(describeChannel),
      ...set.failed.map(({ on, error }): MdnsInterfaceStatus => ({ ...placeOf(on), state: 'failed', problem: describeError(error) }))
    ],
    missing,
    left
  }
}

function describeChannel ({ on, advertised, traffic, services }: Channel): MdnsInterfaceStatus {
  return {
    ...placeOf(on),
    state: advertised.length > 0 ? 'announced' : 'open',
    traffic,
    services: services.flatMap(({ label, did }) => did === undefined ? [] : [{ name: label, did }])
  }
}

function placeOf ({ name, family, address }: LanInterface): Pick<MdnsInterfaceStatus, 'interface' | 'family' | 'address'> {
  return { interface: name, family, address }
}
