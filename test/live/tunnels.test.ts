import { expect } from 'chai'
import { probeDevice, systemCommands, systemProbe } from '@akshi/plugin-wireguard'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { ifPossible } from './if-possible.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { SwitchedLan } from './switched-lan.ts'
import { TunnelledNode, wireguardPort } from './tunnelled-node.ts'
import { until } from './until.ts'

const journal = 'notes'
/** Long enough for machines that do other things too. */
const soonMs = 30_000
const { kind, reasons } = await probeDevice(systemProbe(systemCommands))
const test = ifPossible(reasonWithoutNamespaces() ?? (kind === 'none' ? reasons.join('; ') : undefined))

describe('Two nodes whose ports are closed to the network', function () {
  this.timeout(120_000)

  test('meet in a tunnel, by the keys and endpoints that their operators gave, come to the same there, and find it again after kill -9', async () => {
    await paired(async (one, two) => {
      await one.live.append(journal, 'over there')
      await untilEntries(two, ['over there'])
      const { link, addresses, tunnel } = await one.peer(two) ?? {}
      expect([link?.state, addresses?.[0]?.host, tunnel?.state, tunnel?.address, tunnel?.endpoint]).to.deep.equal(['up', two.address, 'up', two.address, `${two.live.address}:${wireguardPort}`])
      expect(await one.on('ss', '-tnlH')).to.not.include('10.78.').and.not.include('0.0.0.0:3210')

      await two.live.kill()
      await one.live.append(journal, 'while it was down')
      await two.live.start()
      await untilEntries(two, ['over there', 'while it was down'])
    })
  })

  test('close the tunnel within two seconds to a peer that is not trusted any more', async () => {
    await paired(async (one, two) => {
      await until(async () => await one.pathTo(two) === `tunnel ${two.live.address}:${wireguardPort}`, soonMs, 'the link in the tunnel')
      expect((await one.tunnelTo(two))?.isShaken).to.equal(true)
      await one.live.akshi('untrust', two.live.did)
      expect(await until(async () => await one.tunnelTo(two) === undefined, soonMs, 'no tunnel')).to.be.lessThan(2_000)
    })
  })
})

/** Runs it with two nodes that run, each with what the other's operator told. */
async function paired (run: (one: TunnelledNode, two: TunnelledNode) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  using lan = new SwitchedLan(2)
  await using one = await TunnelledNode.make(lan, 0, folder.path)
  await using two = await TunnelledNode.make(lan, 1, folder.path)
  const peers = [one, two]
  for (const node of peers) await node.configure({ bind: '127.0.0.1', peers, places: peers, keys: peers })
  await Promise.all(peers.map(({ live }) => live.start()))
  await run(one, two)
}

async function untilEntries ({ live }: TunnelledNode, bodies: readonly unknown[]): Promise<void> {
  await until(async () => (await live.entries(journal)).length >= bodies.length, soonMs, `${bodies.length} entries`)
  expect((await live.entries(journal)).map(({ body }) => body)).to.deep.equal(bodies)
}
