import type { Did, Identity } from '@akshi/core'
import type { MemoryNetwork } from '../network/memory-network.ts'
import type { SharedFolder } from '../network/shared-folder.ts'
import type { NetworkMessage } from '../network/traffic.ts'
import { seededIdentity } from '../seeded-identity.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import type { HomeFolders } from './home-folder.ts'
import { isAnnouncement } from './items.ts'
import { HomeRecord } from './ledger.ts'
import { sabotage, type Mutation } from './mutation.ts'
import type { Plan } from './plan.ts'
import { SimulatedNode } from './simulated-node.ts'

/** A node and what the model knows of its home. */
export interface Member {
  readonly number: number
  readonly node: SimulatedNode
  readonly home: HomeRecord
  /** The journals that it gets. */
  readonly journals: readonly string[]
}

export interface MemberOptions {
  readonly plan: Plan
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  /** All shared folders of the world. */
  readonly shared: readonly SharedFolder[]
  readonly folders: HomeFolders
  readonly mutation: Mutation | undefined
  readonly stuck: (where: string) => void
}

/** Identities of malicious peers begin here. */
export const mallorySeed = 1_000

const identities = new Map<number, Identity>()

/** The identity of a number: making one takes a while. */
export function identityOf (number: number): Identity {
  const identity = identities.get(number) ?? seededIdentity(number)
  identities.set(number, identity)
  return identity
}

/** The name of a journal: 0 is for everybody, the others have a `share` list. */
export function journalName (number = 0): string {
  return number === 0 ? 'notes' : `inner-circle-${number}`
}

/** The node of this number in a plan. */
export function makeMember (number: number, { plan, clock, network, shared, folders, mutation, stuck }: MemberOptions): Member {
  const { nodes, strangers, malicious, sync, seed, closed = [] } = plan
  const trusts = [
    ...[...Array(nodes).keys()].filter((other) => other !== number && !strangers.some(([from, to]) => from === number && to === other)).map((other) => identityOf(other).did),
    ...[...malicious.keys()].filter((which) => malicious[which]?.includes(number)).map((which) => identityOf(mallorySeed + which).did)
  ]
  const own = closed.flatMap((members, index) => members.includes(number) ? [{ name: journalName(index + 1), share: members.map((member) => identityOf(member).did) }] : [])
  const mounted = shared.filter((_, folder) => plan.folders?.[folder]?.includes(number))
  const node = new SimulatedNode({
    name: `node-${number}`,
    identity: identityOf(number),
    trusts,
    sync,
    clock,
    network,
    shared: mounted,
    agents: own,
    folders,
    seed: seed + number * 104_729,
    stuck: (trace) => stuck(`node-${number} goes round without end: ${placesIn(trace)}`),
    ...mutation === undefined ? {} : sabotage(mutation, (did) => [network.transport(did), network.discovery(did), ...mounted.map((folder) => folder.transport(did))])
  })
  return { number, node, home: new HomeRecord(node.did, trusts), journals: [journalName(), ...own.map(({ name }) => name)] }
}

/** Sees where something of a journal with a `share` list goes whose members are others: its name stands in all of it. */
export class Leaks {
  readonly #closed: readonly { readonly name: string, readonly bytes: Buffer, readonly members: ReadonlySet<Did> }[]
  readonly #honest: ReadonlySet<Did>

  constructor (members: readonly Member[], closed: readonly (readonly number[])[]) {
    this.#honest = new Set(members.map(({ node: { did } }) => did))
    this.#closed = closed.map((list, index) => {
      const name = journalName(index + 1)
      return { name, bytes: Buffer.from(name), members: new Set(members.filter(({ number }) => list.includes(number)).map(({ node: { did } }) => did)) }
    })
  }

  /** Announcements may name it. What malicious peers say they have heard before. */
  inMessage ({ from, to, kind, isAnswer, parts }: NetworkMessage): string[] {
    if (kind === 'prove' || !this.#honest.has(from)) return []
    const outside = this.#closed.filter(({ members }) => !members.has(from) || !members.has(to))
    const isLeak = (part: Uint8Array) => kind !== 'push' || isAnswer || !isAnnouncement(part)
    return outside.filter(({ bytes }) => parts.some((part) => holds(part, bytes) && isLeak(part))).map(({ name }) => `a ${kind} from ${from.slice(-4)} to ${to.slice(-4)} is about the journal ${name}, which not both get`)
  }

  inFolders (folders: readonly SharedFolder[]): string[] {
    return this.#closed.flatMap(({ name, bytes }) => folders.filter(({ contents }) => contents.some((file) => holds(file, bytes))).map((folder) => `${folder.name} has something of the journal ${name}, which not all get`))
  }
}

function holds (bytes: Uint8Array, part: Buffer): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(part)
}

/** The functions of a stack trace, innermost first. */
function placesIn (trace: string): string {
  return [...trace.matchAll(/^ +at (?:async )?(\S*#?\w+) \(/gm)].map(([, name]) => name).slice(2, 8).join(' < ')
}
