/** What one packet of Ethernet carries. */
export interface Packet {
  /** `arp`, `udp`, `tcp`, `protocol` and the number of another one of IPv4, `ipv6` and that of the header which follows. */
  readonly protocol: string
  /** `host:port`; without a port where the protocol has none, and empty where it has no addresses of IPv4. */
  readonly from: string
  readonly to: string
  /** Of TCP: where in the stream of its direction the payload is. */
  readonly seq: number
  /** Of UDP and TCP. */
  readonly payload: Buffer
  /** The whole of it. */
  readonly bytes: Buffer
}

const ethernetLinks = 1
const names: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' }

/** The packets of a capture that tcpdump wrote on this machine, in order. Throws for any other file. */
export function readPackets (file: Buffer): readonly Packet[] {
  if (file.readUInt32LE(0) !== 0xa1b2c3d4 || file.readUInt32LE(20) !== ethernetLinks) throw new TypeError('not a capture of Ethernet in microseconds')
  const packets: Packet[] = []
  for (let at = 24; at < file.length;) {
    const [kept, length] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)]
    if (kept !== length) throw new TypeError('the capture has packets in part only')
    packets.push(readPacket(file.subarray(at + 16, at + 16 + kept)))
    at += 16 + kept
  }
  return packets
}

function readPacket (bytes: Buffer): Packet {
  const none = { from: '', to: '', seq: 0, payload: Buffer.alloc(0), bytes }
  const type = bytes.readUInt16BE(12)
  if (type === 0x0806) return { ...none, protocol: 'arp' }
  if (type === 0x86dd) return { ...none, protocol: `ipv6 ${bytes[20]}` }
  if (type !== 0x0800) return { ...none, protocol: `type ${type}` }
  return readIp(bytes, bytes.subarray(14))
}

function readIp (bytes: Buffer, packet: Buffer): Packet {
  const inside = packet.subarray(((packet[0] ?? 0) & 15) * 4, packet.readUInt16BE(2))        // what is behind it is padding
  const number = packet[9] ?? 0
  const protocol = names[number]
  const [from, to] = [packet.subarray(12, 16).join('.'), packet.subarray(16, 20).join('.')]
  if (protocol === undefined) return { protocol: `protocol ${number}`, from, to, seq: 0, payload: Buffer.alloc(0), bytes }
  const isTcp = protocol === 'tcp'
  return {
    protocol,
    from: `${from}:${inside.readUInt16BE(0)}`,
    to: `${to}:${inside.readUInt16BE(2)}`,
    seq: isTcp ? inside.readUInt32BE(4) : 0,
    payload: inside.subarray(isTcp ? ((inside[12] ?? 0) >> 4) * 4 : 8),
    bytes
  }
}

/** What was said in TCP, by direction (`from > to`), each from its first captured byte on, up to where something was not captured. */
export function tcpStreams (packets: readonly Packet[]): ReadonlyMap<string, Buffer> {
  const parts = new Map<string, Packet[]>()
  for (const packet of packets) {
    if (packet.protocol !== 'tcp' || packet.payload.length === 0) continue
    const direction = `${packet.from} > ${packet.to}`
    parts.set(direction, [...parts.get(direction) ?? [], packet])
  }
  return new Map([...parts].map(([direction, said]) => [direction, join(said)]))
}

/** Some of it may have been said twice, or have come in another order. */
function join (said: readonly Packet[]): Buffer {
  const first = said[0]?.seq ?? 0
  const chunks: Buffer[] = []
  let next = 0
  for (const { at, payload } of said.map(({ seq, payload }) => ({ at: seq - first | 0, payload })).sort((a, b) => a.at - b.at)) {
    if (at > next) break
    chunks.push(payload.subarray(next - at))
    next = Math.max(next, at + payload.length)
  }
  return Buffer.concat(chunks)
}

/** Whether it is records of TLS and nothing else (RFC 8446, section 5.1); the last may be cut off. */
export function isTls (stream: Buffer): boolean {
  let at = 0
  while (at + 5 <= stream.length) {
    const [type = 0, version] = [stream[at], stream[at + 1]]
    if (type < 20 || type > 23 || version !== 3) return false
    at += 5 + stream.readUInt16BE(at + 3)
  }
  return at > 0
}
