import { definePlugin, type Cradle, type Discovery, type EnvelopeReceiver, type Link, type LinkTarget, type PluginParts, type Transport } from '@akshi/core'
import { discoverySubject, transportSubject, type DiscoverySubject, type DiscoverySubjectOptions, type PluginSetting, type TransportSubject, type TransportSubjectOptions } from '@akshi/testkit'

/** All ends that were set up in the world of one case, for saboteurs that know more than they should. */
export type Crew = { readonly cradle: Cradle, readonly parts: PluginParts }[]

/** Changes what a plugin adds. */
export type Change = (parts: PluginParts, cradle: Cradle, crew: Crew) => PluginParts

/** A subject that breaks a promise, and part of what it is to be told. */
export interface Saboteur<Subject> {
  readonly subject: Subject
  readonly says: string
}

export type TransportSaboteur = Saboteur<TransportSubject>
export type DiscoverySaboteur = Saboteur<DiscoverySubject>

/** A subject whose plugin breaks a promise. Saboteurs are found out soon, so that waiting for them costs little. */
export function sabotagedTransport (options: TransportSubjectOptions, change: Change): TransportSubject {
  return transportSubject({ ...options, exempt: {}, deadlineMs: deadlineOf(options), open: async (place) => sabotaged(await options.open(place), change) })
}

export function sabotagedDiscovery (options: DiscoverySubjectOptions, change: Change): DiscoverySubject {
  return discoverySubject({ ...options, exempt: {}, deadlineMs: 200_000, open: async (place) => sabotaged(await options.open(place), change) })
}

function deadlineOf ({ reach }: TransportSubjectOptions): number {
  return reach === 'peer' ? 20_000 : 2_000
}

function sabotaged (setting: PluginSetting, change: Change): PluginSetting {
  const crew: Crew = []
  return {
    ...setting,
    plugin (identity, number) {
      const plugin = typeof setting.plugin === 'function' ? setting.plugin(identity, number) : setting.plugin
      return definePlugin({
        ...plugin,
        setup (cradle) {
          const parts = change(plugin.setup(cradle), cradle, crew)
          crew.push({ cradle, parts })
          return parts
        }
      })
    }
  }
}

type Changed<Whole> = (whole: Whole) => Partial<Whole>

/** Changes methods of a transport; the others go on as they are. */
export function changeTransport (change: (transport: Transport, cradle: Cradle, crew: Crew) => Partial<Transport>): Change {
  return (parts, cradle, crew) => {
    const { transport } = parts
    if (transport === undefined) throw new TypeError('No transport')
    return { ...parts, transport: mix(transport, (each) => change(each, cradle, crew)) }
  }
}

/** Changes methods of each link. */
export function changeLink (change: (link: Link, target: LinkTarget, transport: Transport) => Partial<Link>): Change {
  return changeTransport((transport) => ({
    connect: async (target, signal) => mix(await transport.connect(target, signal), (link) => change(link, target, transport))
  }))
}

/** Changes methods of the receiver that a transport calls. */
export function changeReceiver (change: Changed<EnvelopeReceiver>): Change {
  return changeTransport((transport) => ({ start: (receiver, signal) => transport.start(mix(receiver, change), signal) }))
}

/** Changes methods of a discovery. */
export function changeDiscovery (change: (discovery: Discovery, cradle: Cradle) => Partial<Discovery>): Change {
  return (parts, cradle) => {
    const { discovery } = parts
    if (discovery === undefined) throw new TypeError('No discovery')
    return { ...parts, discovery: mix(discovery, (each) => change(each, cradle)) }
  }
}

/** A `whole` of which some methods are others. */
function mix<Whole extends object> (whole: Whole, change: Changed<Whole>): Whole {
  const changed = change(whole)
  return new Proxy(whole, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in changed ? changed : target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(name in changed ? changed : target) : value
    }
  })
}
