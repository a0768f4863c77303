import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { MeshError, type Address, type Clock } from '@akshi/core'
import { identify } from '@libp2p/identify'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { kadDHT, passthroughMapper, type KadDHT, type KadDHTComponents } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping, type Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { nowhere, type AddressPolicy } from './address-policy.ts'
import { Allowance } from './allowance.ts'
import { openRecord } from './dht-record.ts'
import type { KadOptions } from './kad-node.ts'
import { libp2pKey } from './peer-names.ts'
import type { RecordStore } from './record-store.ts'
import { SeenPeers } from './seen-peers.ts'

/** What runs on libp2p here. */
export interface Services extends Record<string, unknown> {
  readonly dht: KadDHT
  readonly ping: Ping
  readonly listeners: { addresses (): Multiaddr[] }
}

/** Our own network, never the public one of IPFS. */
const kadProtocol = '/akshi/kad/1.0.0'
/** Records of others whose signatures are checked: a twentieth of a second of work. */
const maxChecksPerSec = 300
const second = 1_000
const minute = 60 * second

/**
 * How libp2p is set up: only TCP with Noise and Yamux, nothing that finds peers by itself, and limits on all that others can cause.
 *
 * @param exempt addresses that the operator wrote, which the policy does not bind
 */
export function libp2pSettings (options: KadOptions, store: RecordStore, exempt: ReadonlySet<string>): Libp2pOptions<Services> {
  const { identity, listen, policy, maxConnections, maxInboundPerSec, announced, clock } = options
  const checks = new Allowance(maxChecksPerSec, clock)
  return {
    privateKey: libp2pKey(identity.privateKey),
    nodeInfo: { userAgent: 'akshi' },
    datastore: store,
    addresses: { listen: [addressOf(listen).toString()], announceFilter: () => [...announced()] },
    transports: [tcp({ inboundSocketInactivityTimeout: 5 * minute, outboundSocketInactivityTimeout: 5 * minute })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { maxConnections, inboundConnectionThreshold: maxInboundPerSec, maxIncomingPendingConnections: 50, dialTimeout: 5 * second, addressDialTimeout: 3 * second, maxPeerAddrsToDial: 8 },
    connectionMonitor: { enabled: false },                                          // it closes what is slow in a process that is slow itself
    connectionGater: { denyDialMultiaddr: (address) => !exempt.has(address.toString()) && !isDialable(address, policy) },
    services: {
      identify: identify({ maxMessageSize: 8_192 }),
      ping: ping(),
      dht: quietly(kadDHT({
        protocol: kadProtocol,
        clientMode: true,                                                           // until it is known whether anybody can dial this node
        peerInfoMapper: passthroughMapper,
        alpha: 3,
        disjointPaths: 3,
        initialQuerySelfInterval: 50,
        networkDialTimeout: { minTimeout: 1_500, maxTimeout: 5_000 },
        validators: {
          akshi: (key, value, asked) => {
            // kad-dht passes options only for what this node itself has asked for.
            if (asked === undefined && !checks.take()) throw new MeshError('MESH_RATE_LIMITED', 'This node is being sent too many records.')
            validate(key, value, clock, store)
          },
          pk: refuse
        },
        selectors: { akshi: () => 0 },                                              // the newest is chosen by who reads
        reprovide: { validity: 60 * minute, threshold: 5 * minute, interval: minute }
      })),
      listeners: (components: { transportManager: { getListeners (): { getAddrs (): Multiaddr[] }[] } }) => ({
        addresses: () => components.transportManager.getListeners().flatMap((listener) => listener.getAddrs())
      })
    }
  } as Libp2pOptions<Services>
}

/** Makes a DHT that tells libp2p of other nodes only when there is something new to tell. */
function quietly (make: (components: KadDHTComponents) => KadDHT): (components: KadDHTComponents) => KadDHT {
  return (components) => {
    const dht = make(components) as KadDHT & EventTarget          // which its type does not say
    const seen = new SeenPeers()
    const dispatch = dht.dispatchEvent.bind(dht)
    dht.dispatchEvent = (event) => event.type === 'peer' && !seen.isNews((event as CustomEvent<PeerInfo>).detail) ? true : dispatch(event)
    return dht
  }
}

/** True for a plain TCP address of an IP that the policy allows. */
export function isDialable (address: Multiaddr, policy: AddressPolicy): boolean {
  const [host, port, ...rest] = address.getComponents()
  if ((host?.name !== 'ip4' && host?.name !== 'ip6') || port?.name !== 'tcp') return false
  return rest.every(({ name }) => name === 'p2p') && policy.allows({ host: host.value ?? '', port: Number(port.value) })
}

/** As libp2p writes an address. A host that is no IP address is a name. */
export function addressOf ({ host, port }: Address, peer?: PeerId): Multiaddr {
  const kind = isIPv6(host) ? 'ip6' : /^[\d.]+$/.test(host) ? 'ip4' : 'dns'
  return multiaddr(`/${kind}/${host}/tcp/${port}${peer === undefined ? '' : `/p2p/${peer.toString()}`}`)
}

/** Where a node that listens on this host and port can be dialled by those the policy lets dial it; `nowhere` when nobody can. */
export function publicAddresses ({ host, port }: Address, external: Address | undefined, policy: AddressPolicy): readonly Address[] {
  if (external !== undefined) return [external]
  const isAny = host === '0.0.0.0' || host === '::'
  const hosts = isAny ? Object.values(networkInterfaces()).flatMap((infos) => infos ?? []).filter(({ family }) => host === '::' || family === 'IPv4').map(({ address }) => address) : [host]
  const dialable = hosts.filter((each) => policy.allowsHost(each)).map((each) => ({ host: each, port }))
  return dialable.length === 0 ? [nowhere] : dialable.slice(0, 8)
}

function validate (key: Uint8Array, value: Uint8Array, clock: Clock, store: RecordStore): void {
  const [, , did = '', ...more] = Buffer.from(key.subarray(0, 200)).toString().split('/')
  openRecord(value, more.length === 0 ? did : '', clock.now(), (record) => store.isNews(record))
}

/** Public keys are in the peer ids; nobody needs to keep them. */
function refuse (): void {
  throw new TypeError('No public keys are kept here')
}
