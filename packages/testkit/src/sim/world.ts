import { createHash } from 'node:crypto'
import { describeError, isMeshError, type Did } from '@akshi/core'
import { CrashError } from '../faulty-disk.ts'
import { goodConditions } from '../network/link-conditions.ts'
import { MemoryNetwork } from '../network/memory-network.ts'
import type { NetworkMessage } from '../network/traffic.ts'
import { quiesce, watchZlib } from '../quiescence.ts'
import { seededIdentity } from '../seeded-identity.ts'
import { seededRandom } from '../seeded-random.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { HomeFolders } from './home-folder.ts'
import { HomeRecord, Ledger } from './ledger.ts'
import { makeMallory } from './make-mallory.ts'
import type { Mallory } from './mallory.ts'
import { lyingDisk, withholding, type Mutation } from './mutation.ts'
import type { Plan } from './plan.ts'
import { SimulatedNode } from './simulated-node.ts'

/** A node and what the model knows of its home. */
export interface Member {
  readonly number: number
  readonly node: SimulatedNode
  readonly home: HomeRecord
}

/** The journal that all write into. */
export const journal = 'notes'
const firstMallory = 1_000

/** Whole nodes on a network in memory, in virtual time, and a record of what they did. */
export class World implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly network: MemoryNetwork
  readonly ledger = new Ledger()
  readonly problems: string[] = []
  readonly members: readonly Member[]
  readonly mallories: Mallory[] = []
  /** Called after each step of time. */
  onStep: () => void = () => {}
  readonly #plan: Plan
  readonly #folders = new HomeFolders()
  readonly #trace = createHash('sha256')
  readonly #zlib = watchZlib()
  messages = 0
  /** Writes that were acknowledged. */
  acknowledged = 0
  #lines: string[] | undefined
  #stuck: string | undefined
  readonly #pending = new Set<{ readonly isOver: () => boolean }>()

  private constructor (plan: Plan, mutation: Mutation | undefined) {
    this.#plan = plan
    this.network = new MemoryNetwork({ clock: this.clock, random: seededRandom(plan.seed) })
    this.network.onMessage((message) => this.#noteMessage(message))
    this.members = Array.from({ length: plan.nodes }, (_, number) => this.#member(number, number === 0 ? mutation : undefined))
    process.on('unhandledRejection', this.#unhandled)
  }

  /** Makes the world of a plan and starts its nodes. Dispose of it; one that cannot be made leaves nothing behind. */
  static async make (plan: Plan, { mutation, lines }: { readonly mutation?: Mutation | undefined, readonly lines?: string[] | undefined } = {}): Promise<World> {
    const world = new World(plan, mutation)
    world.#lines = lines
    try {
      for (const number of plan.malicious.keys()) world.mallories.push(await world.#mallory(number))
      for (const { number, node } of world.members) if (!plan.late.includes(number)) await node.start()
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
    await quiesce()
    return world
  }

  /** Names what happened so far: the same for the same plan. */
  get trace (): string { return this.#trace.copy().digest('hex') }

  did (number: number): Did { return seededIdentity(number).did }

  member (number: number): Member { return this.members[number % this.members.length] as Member }

  note (line: string): void {
    const full = `${this.clock.monotonic().toFixed(3)} ${line}`
    this.#trace.update(full + '\n')
    this.#lines?.push(full)
  }

  /**
   * Lets time pass up to a moment: each timer fires when all that the one before set off has come to rest. Rejects when a
   * node goes round in a loop that lets no time pass.
   */
  async runUntil (ms: number): Promise<void> {
    do {
      await quiesce()
      this.onStep()
      if (this.#stuck !== undefined) throw new Error(this.#stuck)
    } while (this.clock.fireNext(ms))
    await quiesce()
    this.onStep()
  }

  /** Follows a call to a node: what fails because the node died, or for a reason with a code of core's, is nothing to wonder about. */
  track ({ node }: Member, what: string, task: Promise<unknown>, done: () => void = () => {}): void {
    const { lives } = node
    const isOver = () => node.lives !== lives || !node.isUp
    const call = { isOver }
    this.#pending.add(call)
    task.finally(() => this.#pending.delete(call)).then(() => {
      if (isOver()) return
      this.note(`${node.name} ${what}: done`)
      done()
    }, (error: unknown) => {
      if (isOver()) return
      this.note(`${node.name} ${what}: failed`)
      if (!isMeshError(error) && !(error instanceof CrashError)) this.problems.push(`${node.name} ${what}: ${describeError(error)}`)
    })
  }

  /** Whether a call to a node that still lives has not ended. */
  get isCalling (): boolean { return [...this.#pending].some(({ isOver }) => !isOver()) }

  /** Starts a node. Only a disk that fails may keep it from starting. */
  async start ({ node }: Member): Promise<void> {
    try {
      await node.start()
      this.note(`${node.name} started`)
    } catch (error) {
      this.note(`${node.name} did not start`)
      if (!node.disk.isCrashed && !isMeshError(error, 'MESH_DISK_FAILED')) this.problems.push(`${node.name} did not start: ${describeError(error)}`)
    }
  }

  /** Looks at what a node shows, if it is up. */
  async observe ({ node, home }: Member): Promise<void> {
    if (!node.isUp || node.disk.isCrashed) return
    const { entries } = await node.control.read(journal)
    this.problems.push(...this.ledger.judge(node.name, home, entries, keysOf(node)))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const { node } of this.members) await node.dispose()
    process.off('unhandledRejection', this.#unhandled)
    this.#zlib[Symbol.dispose]()
    this.#folders[Symbol.dispose]()
  }

  #member (number: number, mutation: Mutation | undefined): Member {
    const { nodes, strangers, malicious, sync, seed } = this.#plan
    const trusts = [
      ...[...Array(nodes).keys()].filter((other) => other !== number && !strangers.some(([from, to]) => from === number && to === other)).map((other) => this.did(other)),
      ...[...malicious.keys()].filter((which) => malicious[which]?.includes(number)).map((which) => this.did(firstMallory + which))
    ]
    const { clock, network } = this
    const plugins = (did: Did) => [withholding(network.transport(did)), network.discovery(did)]
    const node = new SimulatedNode({
      name: `node-${number}`,
      identity: seededIdentity(number),
      trusts,
      sync,
      clock,
      network,
      folders: this.#folders,
      seed: seed + number * 104_729,
      stuck: (trace) => { this.#stuck = `node-${number} goes round without end: ${placesIn(trace)}` },
      ...mutation === 'withhold' ? { plugins } : {},
      ...mutation === 'lying sync' ? { wrapDisk: lyingDisk } : {}
    })
    return { number, node, home: new HomeRecord(node.did, trusts) }
  }

  async #mallory (number: number): Promise<Mallory> {
    const { clock, network, ledger } = this
    return await makeMallory({ identity: seededIdentity(firstMallory + number), clock, network, folders: this.#folders, ledger, seed: this.#plan.seed + number })
  }

  #noteMessage ({ from, to, kind, isAnswer, bytes, items, fate }: NetworkMessage): void {
    this.messages++
    this.note(`${from.slice(-4)} > ${to.slice(-4)} ${kind}${isAnswer ? ' answer' : ''} ${items} ${bytes} ${fate}`)
  }

  readonly #unhandled = (error: unknown): void => {
    this.problems.push(`nobody handled: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

/** Names of the writes that a node's state holds. */
export function keysOf ({ control }: SimulatedNode): string[] {
  return Object.keys(control.state(journal).value as object)
}

/** The functions of a stack trace, innermost first. */
function placesIn (trace: string): string {
  return [...trace.matchAll(/^ +at (?:async )?(\S*#?\w+) \(/gm)].map(([, name]) => name).slice(2, 8).join(' < ')
}

/** A network as good as at first; partitions and cuts are not touched. */
export function clearWeather (network: MemoryNetwork): void {
  network.set(goodConditions)
}
