import type { Identity, SignedAnnouncement } from '@akshi/core'
import type { MemoryNetwork } from '../network/memory-network.ts'
import type { SharedFolder } from '../network/shared-folder.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { HomeFolders } from './home-folder.ts'
import type { Ledger } from './ledger.ts'
import { journalName } from './member.ts'
import { Mallory } from './mallory.ts'
import { SimulatedNode } from './simulated-node.ts'

export interface MalloryMaterial {
  readonly identity: Identity
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly shared: readonly SharedFolder[]
  readonly folders: HomeFolders
  readonly ledger: Ledger
  readonly seed: number
}

const chainLength = 4

/** A malicious peer, with two chains of envelopes that two nodes with its key have made, neither knowing of the other. */
export async function makeMallory (material: MalloryMaterial): Promise<Mallory> {
  const one = await mint(material, 1)
  const two = await mint(material, 2)
  const { identity, network, shared, seed } = material
  return new Mallory({ identity, network, shared, seed, announcement: one.announcement, chains: [one.chain, two.chain] })
}

async function mint ({ identity, clock, network, folders, ledger, seed }: MalloryMaterial, twin: number): Promise<{ readonly chain: Uint8Array[], readonly announcement: SignedAnnouncement }> {
  const node = new SimulatedNode({
    name: 'mallory', identity, trusts: [], clock, network, folders, seed: seed * 2 + twin, sync: { intervalSecs: 10, batchSize: 50, maxLagBeforeFullSync: 1_000 }, plugins: (did) => [network.transport(did)]
  })
  await node.start()
  for (let count = 0; count < chainLength; count++) await node.control.append(journalName(), [{ body: ledger.note(identity.did, journalName(), 'entry') }])
  const name = ledger.note(identity.did, journalName(), 'entry')       // it vouches for nothing
  await node.control.patchState(journalName(), { [name]: 1 })           // one operation: what comes next is number 2
  const chain: Uint8Array[] = []
  for await (const item of node.control.exportItems(journalName())) chain.push(item)
  const announcement = network.host(identity.did)?.announcement() as SignedAnnouncement
  await node.dispose()
  return { chain, announcement }
}
