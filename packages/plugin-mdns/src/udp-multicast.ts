import createMdns, { type MulticastDNS } from 'multicast-dns'
import { readPacket, writePacket, type RawPacket } from './codec.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, Multicast, MulticastListener, MulticastSocket, PacketSource } from './multicast.ts'

/**
 * Real sockets, over the `multicast-dns` package. Each is bound to 0.0.0.0, because one bound to a unicast address hears
 * no multicast on Linux; so it hears every interface of the machine, and sends on its own only.
 */
export function udpMulticast (): Multicast {
  return { open }
}

function open (on: LanInterface, port: number, listener: MulticastListener): Promise<MulticastSocket> {
  const socket = createMdns({ type: 'udp4', ip: '224.0.0.251', interface: on.address, bind: '0.0.0.0', port, loopback: true })
  socket.on('packet', (raw: RawPacket, from: PacketSource) => deliver(raw, from, listener))
  socket.on('warning', (error) => listener.problem(error))
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => socket.destroy(() => reject(error))
    socket.on('error', fail)
    socket.once('ready', () => {
      socket.off('error', fail)
      socket.on('error', (error) => listener.problem(error))
      resolve({ send: (packet) => send(socket, packet), close: () => new Promise((resolve) => socket.destroy(resolve)) })
    })
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

function send (socket: MulticastDNS, packet: MdnsPacket): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => error ? reject(error) : resolve()
    if (packet.type === 'query') socket.query(writePacket(packet), done)
    else socket.respond(writePacket(packet), done)
  })
}
