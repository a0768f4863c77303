import type { Did, Plugin } from '@akshi/core'
import { acksEarly, lyingDisk, readsOutOfOrder, sharesWithAll, trustsAll } from './sabotage-node.ts'
import { dropsTheLast, forwardsNothing, keepsFromFolders, neverAsks, saysSame, throughTransport, vetoes, withholds } from './sabotage-transport.ts'
import type { SimulatedNodeOptions } from './simulated-node.ts'

type Sabotage = (plugins: (did: Did) => readonly Plugin[]) => Pick<SimulatedNodeOptions, 'plugins' | 'wrapDisk' | 'wrapControl' | 'configure'>

const table = {
  'lying sync': () => ({ wrapDisk: lyingDisk }),
  'early ack': () => ({ configure: acksEarly }),
  'trusts all': () => ({ configure: trustsAll }),
  'shares with all': () => ({ configure: sharesWithAll }),
  'wrong order': () => ({ wrapControl: readsOutOfOrder }),
  withhold: throughTransport(withholds),
  'forwards nothing': throughTransport(forwardsNothing),
  'drops the last': throughTransport(dropsTheLast),
  'says the same': throughTransport(saysSame),
  'never asks': throughTransport(neverAsks),
  'keeps from folders': throughTransport(keepsFromFolders),
  'holds for ever': (plugins) => ({ plugins: (did) => [...plugins(did), vetoes] })
} satisfies Readonly<Record<string, Sabotage>>

export type Mutation = keyof typeof table

/** Ways to break the first node on purpose, to see that the simulator finds it. */
export const mutations = Object.keys(table) as readonly Mutation[]

/** What breaks a node so; `plugins` are those that it would have. */
export function sabotage (mutation: Mutation, plugins: (did: Did) => readonly Plugin[]): ReturnType<Sabotage> {
  return (table[mutation] as Sabotage)(plugins)
}
