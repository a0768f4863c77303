import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { Capture } from './capture.ts'
import { ifPossible, print } from './if-possible.ts'
import { NatLab, a, b, c, pub, type Place } from './nat-lab.ts'
import { natted, type NatMesh } from './nat-mesh.ts'
import { isTold, secretsOf, tell } from './nat-secrets.ts'
import { isTls, tcpStreams, type Packet } from './packets.ts'
import { wireguardPort } from './tunnelled-node.ts'

const test = ifPossible(NatLab.missing() ?? Capture.missing())
const dashboardPort = 3210
/** A router is captured on both sides. */
const places: readonly (readonly [Place, string])[] = [['ra', 'wan'], ['ra', 'br0'], ['rb', 'wan'], ['rb', 'br0'], [pub, 'eth0']]
/** Neighbours, routers and groups that are asked for (ARP, RFC 4861, RFC 3810), and routers that know no way (ICMP, RFC 792). */
const neighbourly = ['arp', 'ipv6 0', 'ipv6 58', 'protocol 1']
const lastWord = Buffer.from('the test has no more to say')
const connect = `const socket = require('net').connect(process.argv[2], process.argv[1])
socket.setTimeout(500, () => process.exit(1)).on('error', () => process.exit(1)).on('connect', () => process.exit(0))`

describe('Whoever captures all packets on both routers and at the public node', function () {
  this.timeout(90_000)

  test('sees WireGuard and nothing else where the dashboard ports are closed: no DID, no key, nothing of the journal; and connects to nobody', async () => {
    await natted({ ra: 'cone', rb: 'cone', isClosed: true }, async (mesh) => {
      await expectSeen(mesh, ['wireguard'])
      const { lab, one, two } = mesh
      const doors = [[pub, outside(mesh, a)], [pub, outside(mesh, b)], [c, lab.address(a)], [b, lab.address(pub)]] as const
      expect(await Promise.all(doors.map(([from, host]) => canConnect(lab, from, host)))).to.deep.equal([false, false, false, false])
      expect(await canConnect(lab, one.host, two.address)).to.equal(true)
    })
  })

  test('sees WireGuard and TLS and nothing else where they are open, and connects to nobody behind a router', async () => {
    await natted({ ra: 'cone', rb: 'cone' }, async (mesh) => {
      await expectSeen(mesh, ['tls', 'wireguard'])
      const doors = [[pub, outside(mesh, a)], [pub, outside(mesh, b)], [b, mesh.lab.address(pub)]] as const
      expect(await Promise.all(doors.map(([from, host]) => canConnect(mesh.lab, from, host)))).to.deep.equal([false, false, true])
    })
  })
})

/** From before the first start until both have the same in a tunnel of their own, this is all that is seen, and nothing of what is secret. */
async function expectSeen (mesh: NatMesh, kinds: readonly string[]): Promise<void> {
  await using folder = await temporaryFolder()
  const captures = await Promise.all(places.map(([place, device]) => Capture.start(mesh.lab, place, device, folder.join(`${place}-${device}`))))
  await live(mesh)
  const secrets = [...await secretsOf(mesh), lastWord]
  for (const host of [a, b]) await tell(mesh.lab, secrets, host, pub)
  for (const capture of captures) {
    const packets = await capture.upTo(lastWord)
    const seen = packets.filter((packet) => !isTold(packet, secrets))
    print(`${capture.name}: ${seen.length} packets`)
    expect(kindsOf(seen), capture.name).to.deep.equal(kinds)
    expect(foundIn(packets.filter((packet) => isTold(packet, secrets)), secrets), `${capture.name}: what was told in clear`).to.equal(secrets.length)
    expect(foundIn(seen, secrets), `${capture.name}: secrets in clear`).to.equal(0)
  }
}

async function live (mesh: NatMesh): Promise<void> {
  await mesh.start()
  await mesh.append()
  await mesh.untilDirect()
  await mesh.append()
  await mesh.untilSame()
}

/** What carries anything of the mesh. Whatever is not known has a name of its own. */
function kindsOf (packets: readonly Packet[]): readonly string[] {
  const others = packets.filter(({ protocol }) => !neighbourly.includes(protocol))
  const streams = [...tcpStreams(packets)].map(([way, stream]) => isTls(stream) ? 'tls' : `${way}, no TLS`)
  const rest = others.flatMap(({ protocol, from, to }) => {
    if (protocol === 'tcp') return []
    const isWireguard = protocol === 'udp' && [from, to].some((end) => end.endsWith(`:${wireguardPort}`))
    return isWireguard ? 'wireguard' : `${protocol}, ${from} > ${to}`
  })
  return [...new Set([...streams, ...rest])].sort()
}

/** How many of them are anywhere in it. */
function foundIn (packets: readonly Packet[], secrets: readonly Buffer[]): number {
  const everything = Buffer.concat([...packets.map(({ bytes }) => bytes), ...tcpStreams(packets).values()])
  return secrets.filter((secret) => everything.includes(secret)).length
}

/** Where the dashboard port of a host would be seen at its router. */
function outside ({ lab }: NatMesh, host: number): string {
  return lab.seenFrom(pub, host, dashboardPort)?.split(':')[0] ?? ''
}

async function canConnect (lab: NatLab, from: number, host: string): Promise<boolean> {
  const argv = lab.command(from, process.execPath, '-e', connect, host, String(dashboardPort))
  return await promisify(execFile)('ip', argv).then(() => true, () => false)
}
