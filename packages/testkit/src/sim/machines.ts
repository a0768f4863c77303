import { FaultyDisk } from '../faulty-disk.ts'
import { seededRandom } from '../seeded-random.ts'
import { Dice } from './dice.ts'
import type { Member } from './member.ts'
import type { Deed } from './plan.ts'
import type { World } from './world.ts'

interface Backup { readonly disk: FaultyDisk, readonly shown: ReadonlySet<string> }
type Crash = Extract<Deed, { do: 'crash' }>

/** What happens to the machines of a world: to processes, power and disks. */
export class Machines {
  readonly #world: World
  readonly #backups = new Map<Member, Backup>()
  /** Nodes that die at a write point to come. */
  readonly #doomed = new Map<Member, Crash>()

  constructor (world: World) {
    this.#world = world
    world.onStep = () => this.reap()
  }

  crash (member: Member, crash: Crash): void {
    const { node } = member
    if (!node.isUp) return
    if (crash.points === 0) return this.#die(member, crash)
    node.disk.crashAt(node.disk.points + crash.points)
    this.#doomed.set(member, crash)
  }

  /** Whoever has reached the write point where it dies is gone. */
  reap (): void {
    for (const [member, crash] of this.#doomed) if (member.node.disk.isCrashed) this.#die(member, crash)
  }

  async restart (member: Member): Promise<void> {
    if (member.node.isUp) return
    await this.#world.start(member)
    await this.#world.observe(member)
    if (member.node.isUp) member.home.isDoubtful = false
  }

  async stop ({ node }: Member): Promise<void> {
    await node.stop().catch(() => {})                     // of a disk that fails it may complain
  }

  backUp (member: Member): void {
    this.#backups.set(member, { disk: member.node.disk.afterKill(), shown: member.home.isDoubtful ? new Set() : member.home.shown })
  }

  /** What others have of what is lost now must not be lost. */
  async lose (member: Member, isRestored: boolean): Promise<void> {
    const backup = this.#backups.get(member)
    if (isRestored && backup === undefined) return
    await this.#observeOthers(member)
    member.node.crash(isRestored ? backup?.disk.afterKill() : new FaultyDisk())
    this.#doomed.delete(member)
    member.home.isDoubtful = false
    member.home.shown = isRestored ? backup?.shown ?? new Set() : new Set()
    member.home.losses++
    await this.restart(member)
  }

  /** Turns bits of files over. What others have of what is damaged must not be lost. */
  async flip (member: Member, { count, live, seed }: Extract<Deed, { do: 'flip bits' }>): Promise<void> {
    const { node, home } = member
    await this.#observeOthers(member)
    if (!live) node.crash()
    if (!live) this.#doomed.delete(member)
    const dice = new Dice(seededRandom(seed))
    for (let left = count; left > 0; left--) this.#flipOne(node.disk, dice)
    home.shown = new Set()
    home.isDoubtful = true
    home.losses++
    if (!live) await this.restart(member)
  }

  /** Ends all that was to happen to disks, and starts whoever is down. Who has a damaged disk is started again, to find it. */
  async heal (): Promise<void> {
    this.#doomed.clear()
    for (const member of this.#world.members) {
      const { node, home } = member
      if ((node.disk.isCrashed || home.isDoubtful) && node.isUp) node.crash()
      node.disk.crashAt(Infinity)
      node.disk.failAt(0)
      await this.restart(member)
      if (!node.isUp) this.#world.problems.push(`${node.name} does not start though its disk works`)
    }
  }

  #flipOne (disk: FaultyDisk, dice: Dice): void {
    const paths = disk.paths().filter((path) => disk.contentOf(path).length > 0)
    if (paths.length === 0) return
    const path = dice.of(paths)
    const { length } = disk.contentOf(path)
    const byte = dice.below(length)
    this.#world.note(`${path} is damaged at byte ${byte} of ${length}`)
    disk.flip(path, byte, dice.below(8))
  }

  async #observeOthers (member: Member): Promise<void> {
    for (const each of this.#world.members) if (each !== member) await this.#world.observe(each)
  }

  #die (member: Member, { power, seed }: Crash): void {
    const { node } = member
    this.#doomed.delete(member)
    this.#world.note(`${node.name} died`)
    node.crash(power ? node.disk.afterCrash({ random: seededRandom(seed) }) : node.disk.afterKill())
  }
}
