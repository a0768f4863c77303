import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import createMdns, { type MulticastDNS } from 'multicast-dns'
import { MeshError } from '@akshi/core'
import { findMisfit, readPacket, writePacket, type RawPacket } from './codec.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, Multicast, MulticastListener, MulticastSocket, PacketSource } from './multicast.ts'

/** RFC 6762 section 11: so that who wants to can see that a packet crossed no router. */
const hops = 255

/**
 * Real sockets, over the `multicast-dns` package. One for IPv4 is bound to 0.0.0.0, because one that is bound to a unicast
 * address hears no multicast on Linux; so it hears every interface of the machine, and drops what comes from another
 * network. One for IPv6 is bound to the group on its interface, and hears that only.
 */
export function udpMulticast (): Multicast {
  return { open }
}

function open (on: LanInterface, port: number, listener: MulticastListener): Promise<MulticastSocket> {
  const zone = `%${on.name}`
  const socket = filtered(createSocket({ type: on.family === 4 ? 'udp4' : 'udp6', reuseAddr: true }), on, listener)
  const place = on.family === 4
    ? { type: 'udp4' as const, ip: '224.0.0.251', interface: on.address, bind: '0.0.0.0' }
    : { type: 'udp6' as const, ip: `ff02::fb${zone}`, interface: `::${zone}`, bind: `ff02::fb${zone}` }
  const mdns = createMdns({ ...place, socket, port, ttl: hops, loopback: true })
  mdns.on('packet', (raw: RawPacket, from: PacketSource) => deliver(raw, from, listener))
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => mdns.destroy(() => reject(error))
    mdns.on('error', fail).on('warning', fail)        // a warning here: it could not join the group
    mdns.once('ready', () => {
      mdns.off('error', fail).off('warning', fail)
      mdns.on('error', (error) => listener.problem(error)).on('warning', (error) => listener.problem(error))
      socket.setTTL(hops)
      resolve({ send: (packet, to) => send(mdns, packet, to), close: () => new Promise((resolve) => mdns.destroy(resolve)) })
    })
  })
}

/** The same socket, deaf to other networks and to what would be dear to decode. */
function filtered (socket: Socket, on: LanInterface, listener: MulticastListener): Socket {
  const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean
  const hear = (bytes: Buffer, from: RemoteInfo) => {
    if (!on.contains(from.address)) return false
    const misfit = findMisfit(bytes)
    if (misfit === undefined) return emit('message', bytes, from)
    listener.problem(new MeshError('MESH_REQUEST_INVALID', misfit))
    return false
  }
  return Object.assign(socket, {
    emit: (event: string, ...values: unknown[]) => event === 'message' ? hear(values[0] as Buffer, values[1] as RemoteInfo) : emit(event, ...values)
  })
}

/** An exception here would end the process, and the packet is anybody's. */
function deliver (raw: RawPacket, from: PacketSource, listener: MulticastListener): void {
  try {
    const packet = readPacket(raw)
    if (packet !== undefined) listener.packet(packet, from)
  } catch (error) {
    listener.problem(error)
  }
}

function send (mdns: MulticastDNS, packet: MdnsPacket, to: PacketSource | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => error ? reject(error) : resolve()
    const raw = writePacket(packet)
    const target = to === undefined ? undefined : { address: to.address, port: to.port }
    if (packet.type === 'query') mdns.query(raw, target, done)
    else mdns.respond(raw, target, done)
  })
}
