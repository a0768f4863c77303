import { createHash } from 'node:crypto'
import { describeError, isMeshError, MeshError, type Did } from '@akshi/core'
import { CrashError } from '../faulty-disk.ts'
import { goodConditions } from '../network/link-conditions.ts'
import { MemoryNetwork } from '../network/memory-network.ts'
import { SharedFolder } from '../network/shared-folder.ts'
import type { NetworkMessage } from '../network/traffic.ts'
import { quiesce, watchZlib } from '../quiescence.ts'
import { seededRandom } from '../seeded-random.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { HomeFolders } from './home-folder.ts'
import { Ledger } from './ledger.ts'
import { makeMallory } from './make-mallory.ts'
import { identityOf, Leaks, makeMember, mallorySeed, type Member } from './member.ts'
import type { Mallory } from './mallory.ts'
import type { Mutation } from './mutation.ts'
import type { Plan } from './plan.ts'
import { meshId, type SimulatedNode } from './simulated-node.ts'

/** Whole nodes on a network and in folders in memory, in virtual time, and a record of what they did. */
export class World implements AsyncDisposable {
  readonly plan: Plan
  readonly clock = new VirtualClock()
  readonly network: MemoryNetwork
  readonly folders: readonly SharedFolder[]
  readonly ledger = new Ledger()
  readonly problems: string[] = []
  readonly members: readonly Member[]
  readonly mallories: Mallory[] = []
  /** Called after each step of time. */
  onStep: () => void = () => {}
  readonly #leaks: Leaks
  readonly #homes = new HomeFolders()
  readonly #trace = createHash('sha256')
  readonly #zlib = watchZlib()
  messages = 0
  /** Writes that were acknowledged. */
  acknowledged = 0
  #lines: string[] | undefined
  #stuck: string | undefined
  readonly #pending = new Set<{ readonly isOver: () => boolean }>()

  private constructor (plan: Plan, mutation: Mutation | undefined) {
    const { clock } = this
    this.plan = plan
    this.network = new MemoryNetwork({ clock, random: seededRandom(plan.seed) })
    this.network.onMessage((message) => this.#noteMessage(message))
    this.folders = (plan.folders ?? []).map((_, number) => new SharedFolder({ name: `folder-${number}`, meshId, clock, random: seededRandom(plan.seed * 31 + number) }))
    this.members = Array.from({ length: plan.nodes }, (_, number) => makeMember(number, { ...this.#parts, mutation: number === 0 ? mutation : undefined, stuck: (where) => { this.#stuck ??= where } }))
    this.#leaks = new Leaks(this.members, plan.closed ?? [])
    for (const [one, two] of plan.apart ?? []) this.network.keepApart(this.did(one), this.did(two))
    process.on('unhandledRejection', this.#unhandled)
  }

  /** Makes the world of a plan and starts its nodes. Dispose of it; one that cannot be made leaves nothing behind. */
  static async make (plan: Plan, { mutation, lines }: { readonly mutation?: Mutation | undefined, readonly lines?: string[] | undefined } = {}): Promise<World> {
    const world = new World(plan, mutation)
    world.#lines = lines
    try {
      for (const number of plan.malicious.keys()) world.mallories.push(await makeMallory({ ...world.#parts, identity: identityOf(mallorySeed + number), seed: plan.seed + number }))
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

  did (number: number): Did { return identityOf(number).did }

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
      if (this.#stuck !== undefined) throw new MeshError('MESH_TIMEOUT', this.#stuck)
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
  async observe ({ node, home, journals }: Member): Promise<void> {
    if (!node.isUp || node.disk.isCrashed) return
    try {
      const shown = await Promise.all(journals.map(async (journal) => ({ journal, entries: (await node.control.read(journal)).entries, keys: keysOf(node, journal) })))
      this.problems.push(...this.ledger.judge(node.name, home, shown))
    } catch (error) {
      // What is damaged while the node runs may not be read until it starts anew, which it says.
      if (!home.isDoubtful || !isMeshError(error, 'MESH_DISK_FAILED')) throw error
      this.note(`${node.name} cannot be read`)
    }
  }

  /** What reached somebody, or lies in a folder, who is not on the list of a journal. */
  async checkLeaks (): Promise<void> {
    this.problems.push(...this.#leaks.inFolders(this.folders))
    for (const { node, journals } of this.members) {
      if (!node.isUp) continue
      const others = node.control.journals().filter(({ name }) => !journals.includes(name))
      this.problems.push(...others.map(({ name }) => `${node.name} has the journal ${name}, which it does not get`))
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const { node } of this.members) await node.dispose()
    process.off('unhandledRejection', this.#unhandled)
    this.#zlib[Symbol.dispose]()
    this.#homes[Symbol.dispose]()
  }

  get #parts () {
    const { plan, clock, network, folders: shared, ledger } = this
    return { plan, clock, network, shared, ledger, folders: this.#homes }
  }

  #noteMessage (message: NetworkMessage): void {
    const { from, to, kind, isAnswer, bytes, items, fate } = message
    this.messages++
    this.note(`${from.slice(-4)} > ${to.slice(-4)} ${kind}${isAnswer ? ' answer' : ''} ${items} ${bytes} ${fate}`)
    this.problems.push(...this.#leaks.inMessage(message))
  }

  readonly #unhandled = (error: unknown): void => {
    this.problems.push(`nobody handled: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

/** Names of the writes that the state of a journal holds. */
export function keysOf ({ control }: SimulatedNode, journal: string): string[] {
  return Object.keys(control.state(journal).value as object)
}

/** A network as good as at first; partitions and cuts are not touched. */
export function clearWeather (network: MemoryNetwork): void {
  network.set(goodConditions)
}
