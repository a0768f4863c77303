import { FaultyDisk } from '../faulty-disk.ts'
import { seededRandom } from '../seeded-random.ts'
import type { HomeRecord } from './ledger.ts'
import { printAction, type Action, type Deed } from './plan.ts'
import { journal, keysOf, type Member, type World } from './world.ts'

interface Backup { readonly disk: FaultyDisk, readonly shown: ReadonlySet<string> }
type Crash = Extract<Deed, { do: 'crash' }>

/** Does the deeds of a plan to a world. */
export class Doer {
  readonly #world: World
  readonly #backups = new Map<Member, Backup>()
  /** Nodes that die at a write point to come. */
  readonly #doomed = new Map<Member, Crash>()

  constructor (world: World) {
    this.#world = world
    world.onStep = () => this.#reap()
  }

  /** Deeds injected so far that hurt. */
  faults = 0

  async do (action: Action): Promise<void> {
    this.#world.note(printAction(action))
    if (!['append', 'change', 'start', 'backup', 'heal', 'trust', 'mend'].includes(action.do)) this.faults++
    await this.#do(action)
    this.#reap()
  }

  /** Ends all that was to happen to disks, and starts whoever is down. */
  async healNodes (): Promise<void> {
    this.#doomed.clear()
    for (const member of this.#world.members) {
      const { node } = member
      if (node.disk.isCrashed && node.isUp) node.crash()
      node.disk.crashAt(Infinity)
      node.disk.failAt(0)
      await this.#world.start(member)
      if (!node.isUp) this.#world.problems.push(`${node.name} does not start though its disk works`)
    }
  }

  #do (action: Deed): Promise<void> | void {
    const { network, members } = this.#world
    switch (action.do) {
      case 'append': case 'change': return this.#write(this.#world.member(action.node), action)
      case 'crash': return this.#crash(this.#world.member(action.node), action)
      case 'start': return this.#restart(this.#world.member(action.node))
      case 'stop': return this.#stop(this.#world.member(action.node))
      case 'backup': return this.#backUp(this.#world.member(action.node))
      case 'restore': case 'lose disk': return this.#lose(this.#world.member(action.node), action.do === 'restore')
      case 'fill disk': return this.#fill(this.#world.member(action.node), action.times)
      case 'jump clock': return this.#world.member(action.node).node.clock.jump(action.ms)
      case 'trust': case 'untrust': return this.#judge(this.#world.member(action.node), this.#world.member(action.other), action.do)
      case 'partition': return network.partition(...action.sides.map((side) => side.map((number) => this.#world.member(number).node.did)))
      case 'cut': return network.cut(this.#world.did(action.from), this.#world.did(action.to))
      case 'mend': return network.mend(this.#world.did(action.from), this.#world.did(action.to))
      case 'heal': return network.heal()
      case 'weather': return network.set(action.conditions)
      case 'attack': return this.#world.mallories[action.by]?.attack(action.how, this.#world.member(action.node).node.did, members[(action.node + 1) % members.length]?.node.did ?? this.#world.did(0))
    }
  }

  #write (member: Member, action: Extract<Deed, { do: 'append' | 'change' }>): void {
    const { node, home } = member
    const { ledger } = this.#world
    if (!node.isUp) return
    if (action.do === 'append') {
      const names = Array.from({ length: action.count }, () => ledger.note(node.did))
      return this.#world.track(member, `append ${names[0]}`, node.control.append(journal, names.map((body) => ({ body }))), () => this.#acknowledge(home, names))
    }
    const name = ledger.note(node.did, new Set(keysOf(node)))
    this.#world.track(member, `change ${name}`, node.control.patchState(journal, { [name]: name }), () => this.#acknowledge(home, [name]))
  }

  #acknowledge (home: HomeRecord, names: readonly string[]): void {
    this.#world.acknowledged += names.length
    home.keep(names)
  }

  #crash (member: Member, crash: Crash): void {
    const { node } = member
    if (!node.isUp) return
    if (crash.points === 0) return this.#die(member, crash)
    node.disk.crashAt(node.disk.points + crash.points)
    this.#doomed.set(member, crash)
  }

  /** Whoever has reached the write point where it dies is gone. */
  #reap (): void {
    for (const [member, crash] of this.#doomed) if (member.node.disk.isCrashed) this.#die(member, crash)
  }

  #die (member: Member, { power, seed }: Crash): void {
    const { node } = member
    this.#doomed.delete(member)
    this.#world.note(`${node.name} died`)
    node.crash(power ? node.disk.afterCrash({ random: seededRandom(seed) }) : node.disk.afterKill())
  }

  async #restart (member: Member): Promise<void> {
    if (member.node.isUp) return
    await this.#world.start(member)
    await this.#world.observe(member)
  }

  async #stop ({ node }: Member): Promise<void> {
    await node.stop().catch(() => {})                     // of a disk that fails it may complain
  }

  #backUp (member: Member): void {
    this.#backups.set(member, { disk: member.node.disk.afterKill(), shown: member.home.shown })
  }

  /** What others have of what is lost now must not be lost. */
  async #lose (member: Member, isRestored: boolean): Promise<void> {
    const backup = this.#backups.get(member)
    if (isRestored && backup === undefined) return
    for (const each of this.#world.members) if (each !== member) await this.#world.observe(each)
    const { node, home } = member
    node.crash(isRestored ? backup?.disk.afterKill() : new FaultyDisk())
    this.#doomed.delete(member)
    home.shown = isRestored ? backup?.shown ?? new Set() : new Set()
    home.losses++
    await this.#restart(member)
  }

  #fill ({ node }: Member, times: number): void {
    node.disk.failAt(node.disk.points + 1, 'ENOSPC', times)
  }

  #judge (member: Member, { node: { did } }: Member, how: 'trust' | 'untrust'): void {
    const { node, home } = member
    if (!node.isUp || did === node.did) return
    home.always.delete(did)
    if (how === 'trust') home.ever.add(did)
    this.#world.track(member, `${how} ${did.slice(-4)}`, node.control[how](did), () => { how === 'trust' ? home.trusts.add(did) : home.trusts.delete(did) })
  }
}
