import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { ifPossible, print } from './if-possible.ts'
import { NatLab, a, c } from './nat-lab.ts'
import { natted, type NatMesh } from './nat-mesh.ts'
import { wireguardPort } from './tunnelled-node.ts'
import { until } from './until.ts'

const test = ifPossible(NatLab.missing())
const againWithinMs = 20_000
/** Longer than it takes until a silent tunnel is looked for elsewhere. */
const quietMs = 3_000
const goneWithinMs = 5_000

describe('Two nodes with a tunnel through their NATs', function () {
  this.timeout(90_000)

  test('keep to their LAN where both are behind one, whatever the public peer sees', async () => {
    await natted({ ra: 'cone', rb: 'cone', hosts: [a, c] }, async (mesh) => {
      await mesh.start()
      print(`one NAT: a tunnel through the LAN after ${await until(() => isNear(mesh), againWithinMs, 'all that one is to the other is on their LAN')} ms: ${(await mesh.paths()).join(', ')}`)
      await setTimeout(quietMs)
      expect(await isNear(mesh), String(await mesh.paths())).to.equal(true)
      await mesh.append()
      await mesh.untilSame()
    })
  })

  test('hear each other again after a router forgot them and took another port, and lose nothing of what they wrote meanwhile', async () => {
    await natted({ ra: 'cone', rb: 'cone' }, async (mesh) => {
      await mesh.start()
      await mesh.untilDirect()
      print(`rebinding: direct again after ${await mesh.writingDuring(() => rebind(mesh))} ms`)
      await mesh.untilSame()
    })
  })

  test('are in one again after kill -9 of both, and have what was written before; a peer that is not trusted any more loses its own', async () => {
    await natted({ ra: 'cone', rb: 'cone:40001' }, async (mesh) => {
      await mesh.start()
      await mesh.append()
      await mesh.untilDirect()
      await mesh.untilSame()
      await Promise.all([mesh.one.live.kill(), mesh.two.live.kill()])
      await mesh.startPair()
      for (const { host, device } of [mesh.one, mesh.two]) expect(mesh.lab.devices(host)).to.have.members(['lo', 'eth0', device])
      await mesh.append()
      print(`kill -9 of both: ${await mesh.untilDirect()} ms after the start of both direct again, the same after ${await mesh.untilSame()} ms`)
      print(`untrust: no tunnel after ${await untrust(mesh)} ms`)
    })
  })
})

/** Whether the envelopes of each to the other, and a tunnel too, take their LAN. */
async function isNear (mesh: NatMesh): Promise<boolean> {
  const { lab, one, two } = mesh
  const [there, here] = [await one.tunnelTo(two), await two.tunnelTo(one)]
  const isTunnelNear = there?.isShaken === true && there.endpoint === `${lab.address(two.host)}:${wireguardPort}` && here?.endpoint === `${lab.address(one.host)}:${wireguardPort}`
  return isTunnelNear && (await mesh.paths()).every((path) => /^(lan|tunnel) 192\.168\.1\.\d:\d+$/.test(path))
}

/** Resolves to how many milliseconds it took until both heard each other in the tunnel again, the first at its new port. */
async function rebind ({ lab, one, two }: NatMesh): Promise<number> {
  lab.setNat('ra', 'cone:40002')
  lab.forget('ra')
  const received = (await one.tunnelTo(two))?.received ?? Infinity
  return await until(async () => {
    const [there, here] = [await two.tunnelTo(one), await one.tunnelTo(two)]
    return there?.endpoint === lab.seenFrom(two.host, one.host, wireguardPort) && (here?.received ?? 0) > received
  }, againWithinMs, 'the second sends to the new port of the first, which hears it')
}

/** Resolves to how many milliseconds after the command the first has no tunnel to the second, while it keeps that to the public node. */
async function untrust ({ pub, one, two }: NatMesh): Promise<number> {
  await one.live.akshi('untrust', two.live.did)
  const tookMs = await until(async () => await one.tunnelTo(two) === undefined, goneWithinMs, 'no tunnel')
  expect((await one.tunnelTo(pub))?.isShaken).to.equal(true)
  return tookMs
}
