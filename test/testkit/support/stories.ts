import type { FaultyDisk, SimulatedNode, SyncSettings } from '@akshi/testkit'
import { Lab } from './lab.ts'

/** What was acknowledged: nothing of it may be lost. */
export class Promises {
  readonly entries: Set<string>
  readonly keys: Set<string>

  constructor (before?: Promises) {
    this.entries = new Set(before?.entries)
    this.keys = new Set(before?.keys)
  }

  async append (node: SimulatedNode, ...bodies: readonly string[]): Promise<void> {
    await node.control.append('notes', bodies.map((body) => ({ body })))
    for (const body of bodies) this.entries.add(body)
  }

  async change (node: SimulatedNode, key: string): Promise<void> {
    await node.control.patchState('notes', { [key]: key })
    this.keys.add(key)
  }
}

/** A sync of two nodes in which things go wrong. */
export interface Story {
  readonly name: string
  readonly sync: SyncSettings
  /** What either has written before the two meet. */
  readonly before: (lab: Lab, promises: Promises) => Promise<void>
  /** What is written once they have come together; faults come from then on. Without it, they come from the start. */
  readonly meanwhile?: readonly Write[]
}

/** A write that is made at its time if the node is up then. */
export interface Write {
  readonly afterMs: number
  readonly node: number
  readonly write: (node: SimulatedNode, promises: Promises) => Promise<void>
}

async function writeApart (lab: Lab, promises: Promises, counts: readonly number[], entriesEach: number): Promise<void> {
  for (const [number, count] of counts.entries()) {
    const node = lab.node(number)
    for (let turn = 0; turn < count; turn++) await lab.until(promises.append(node, ...Array.from({ length: entriesEach }, (_, entry) => `${node.name}-${turn}-${entry}`)))
    for (const key of ['a', 'b', 'c']) await lab.until(promises.change(node, `${node.name}-${key}`))
  }
}

const meanwhile = [0, 3, 14, 26, 40, 55].flatMap((afterMs, turn): Write[] => [
  { afterMs, node: 0, write: (node, promises) => promises.append(node, `meanwhile-0-${turn}`) },
  { afterMs: afterMs + 2, node: 1, write: (node, promises) => turn % 2 === 0 ? promises.append(node, `meanwhile-1-${turn}`) : promises.change(node, `meanwhile-${turn}`) }
])

export const stories: readonly Story[] = [
  {
    name: 'two that have each written much meet',
    sync: { intervalSecs: 10, batchSize: 3, maxLagBeforeFullSync: 1_000 },
    before: (lab, promises) => writeApart(lab, promises, [19, 8], 8)
  },
  {
    name: 'both write while they are connected',
    sync: { intervalSecs: 10, batchSize: 5, maxLagBeforeFullSync: 1_000 },
    before: (lab, promises) => writeApart(lab, promises, [3, 2], 2),
    meanwhile
  },
  {
    name: 'one is so far behind that it gets snapshots',
    sync: { intervalSecs: 10, batchSize: 3, maxLagBeforeFullSync: 20 },
    before: async (lab, promises) => {
      await lab.until(promises.append(lab.node(0), ...Array.from({ length: 600 }, (_, entry) => `early-${entry}`)))
      await writeApart(lab, promises, [8, 2], 1)
    }
  }
]

/** What a story finds when it begins. */
export interface Beginning {
  readonly disks: readonly FaultyDisk[]
  readonly promises: Promises
}

/** Lets the nodes of a story write what they have before they meet. */
export async function begin ({ sync, before }: Story): Promise<Beginning> {
  await using lab = new Lab({ sync })
  const promises = new Promises()
  lab.network.partition(...lab.nodes.map(({ did }) => [did]))
  await lab.start()
  await before(lab, promises)
  return { disks: lab.nodes.map(({ disk }) => disk.afterKill()), promises }
}
