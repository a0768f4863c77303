import { discoverySubject, MemoryNetwork, seededRandom, transportSubject, VirtualClock, type DiscoverySubject, type DiscoverySubjectOptions, type TransportSubject, type TransportSubjectOptions } from '@akshi/testkit'

const makeNetwork = () => {
  const clock = new VirtualClock()
  return { clock, network: new MemoryNetwork({ clock, random: seededRandom() }), advance: (ms: number) => clock.advance(ms) }
}

export const memoryOptions: TransportSubjectOptions = {
  reach: 'peer',
  exempt: {
    'lets nobody speak in the name of another': 'a network in memory takes each node\'s word for its DID'
  },
  open () {
    const { network, clock, advance } = makeNetwork()
    return { clock, advance, plugin: ({ did }) => network.transport(did) }
  }
}

/** The transport in memory, in virtual time. */
export const memoryTransport: TransportSubject = transportSubject(memoryOptions)

export const memoryDiscoveryOptions: DiscoverySubjectOptions = {
  open () {
    const { network, clock, advance } = makeNetwork()
    return { clock, advance, plugin: ({ did }) => network.discovery(did) }
  }
}

/** The discovery in memory, in virtual time. */
export const memoryDiscovery: DiscoverySubject = discoverySubject(memoryDiscoveryOptions)
