import type { FaultyDisk } from '../faulty-disk.ts'
import { Machines } from './machines.ts'
import type { HomeRecord } from './ledger.ts'
import { journalName, type Member } from './member.ts'
import { printAction, type Action, type Deed } from './plan.ts'
import { keysOf, type World } from './world.ts'

/** Deeds that hurt nobody. */
const harmless: ReadonlySet<Deed['do']> = new Set(['append', 'change', 'start', 'backup', 'heal', 'trust', 'mend', 'mount', 'keep folder'])

/** Does the deeds of a plan to a world. */
export class Doer {
  readonly #world: World
  readonly #machines: Machines

  constructor (world: World) {
    this.#world = world
    this.#machines = new Machines(world)
  }

  /** Deeds injected so far that hurt. */
  faults = 0

  async do (action: Action): Promise<void> {
    this.#world.note(printAction(action))
    if (!harmless.has(action.do)) this.faults++
    await this.#do(action)
    this.#machines.reap()
  }

  /** Ends all that was to happen to disks, networks and folders, and starts whoever is down. */
  async heal (): Promise<void> {
    const { network, folders, members } = this.#world
    network.heal()
    for (const folder of folders) for (const { node } of members) folder.mount(node.did)
    await this.#machines.heal()
  }

  #do (action: Deed): Promise<void> | void {
    const { network, members } = this.#world
    const machines = this.#machines
    switch (action.do) {
      case 'append': case 'change': return this.#write(this.#world.member(action.node), action)
      case 'crash': return machines.crash(this.#world.member(action.node), action)
      case 'start': return machines.restart(this.#world.member(action.node))
      case 'stop': return machines.stop(this.#world.member(action.node))
      case 'backup': return machines.backUp(this.#world.member(action.node))
      case 'restore': case 'lose disk': return machines.lose(this.#world.member(action.node), action.do === 'restore')
      case 'fill disk': return fill(this.#world.member(action.node).node.disk, action.times)
      case 'flip bits': return machines.flip(this.#world.member(action.node), action)
      case 'jump clock': return this.#world.member(action.node).node.clock.jump(action.ms)
      case 'trust': case 'untrust': return this.#judge(this.#world.member(action.node), this.#world.member(action.other), action.do)
      case 'partition': return network.partition(...action.sides.map((side) => side.map((number) => this.#world.member(number).node.did)))
      case 'cut': return network.cut(this.#world.did(action.from), this.#world.did(action.to))
      case 'mend': return network.mend(this.#world.did(action.from), this.#world.did(action.to))
      case 'heal': return network.heal()
      case 'weather': return network.set(action.conditions)
      case 'mount': case 'unmount': return this.#world.folders[action.folder]?.[action.do](this.#world.member(action.node).node.did)
      case 'keep folder': return this.#world.folders[action.folder]?.keep()
      case 'roll back folder': return this.#world.folders[action.folder]?.rollBack()
      case 'lose files': return this.#world.folders[action.folder]?.lose(action.chance)
      case 'spoil files': return this.#world.folders[action.folder]?.spoil(action.chance)
      case 'attack': return this.#world.mallories[action.by]?.attack(action.how, this.#world.member(action.node).node.did, members[(action.node + 1) % members.length]?.node.did ?? this.#world.did(0))
    }
  }

  #write (member: Member, action: Extract<Deed, { do: 'append' | 'change' }>): void {
    const { node, home, journals } = member
    const { ledger } = this.#world
    const journal = journalName(action.journal)
    if (!node.isUp || !journals.includes(journal)) return
    if (action.do === 'append') {
      const names = Array.from({ length: action.count }, () => ledger.note(node.did, journal, 'entry'))
      return this.#world.track(member, `append ${names[0]}`, node.control.append(journal, names.map((body) => ({ body }))), () => this.#acknowledge(home, names))
    }
    const name = ledger.note(node.did, journal, 'change')
    this.#world.track(member, `change ${name}`, node.control.patchState(journal, { [name]: name }), () => {
      ledger.noteSaw(name, new Set(keysOf(node, journal)))
      this.#acknowledge(home, [name])
    })
  }

  #acknowledge (home: HomeRecord, names: readonly string[]): void {
    this.#world.acknowledged += names.length
    home.keep(names)
  }

  #judge (member: Member, { node: { did } }: Member, how: 'trust' | 'untrust'): void {
    const { node, home } = member
    if (!node.isUp || did === node.did) return
    home.always.delete(did)
    if (how === 'trust') home.ever.add(did)
    this.#world.track(member, `${how} ${did.slice(-4)}`, node.control[how](did), () => { how === 'trust' ? home.trusts.add(did) : home.trusts.delete(did) })
  }
}

function fill (disk: FaultyDisk, times: number): void {
  disk.failAt(disk.points + 1, 'ENOSPC', times)
}
