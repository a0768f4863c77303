import { expect } from 'chai'
import { seededIdentity, seededRandom, settle, VirtualClock, type FaultyDisk } from '@akshi/testkit'
import type { Did } from '../../../packages/core/src/did.ts'
import type { Identity } from '../../../packages/core/src/identity.ts'
import type { EntryView } from '../../../packages/core/src/control.ts'
import { isMeshError } from '../../../packages/core/src/errors.ts'
import type { FeedId } from '../../../packages/core/src/transport.ts'

import { digestRoot } from '../../../packages/core/src/wire.ts'
import { FaultyLink, LostError } from './faulty-link.ts'
import { MemoryLink } from './memory-link.ts'
import type { Command } from './mesh-commands.ts'
import { MeshLife, type LifeOptions } from './mesh-life.ts'

/** What the model knows of a write: who made it, and what its maker saw then. */
interface Write { readonly origin: Did, readonly saw: ReadonlySet<string> }

interface Home {
  life: MeshLife
  /** Names of the writes that it showed last: entries, and keys of the state. */
  shown: ReadonlySet<string>
  backup: { readonly disk: FaultyDisk, readonly shown: ReadonlySet<string> } | undefined
}

export interface WorldOptions extends Omit<LifeOptions, 'clock' | 'random'> {
  readonly identities: number
  readonly seed: number
}

const identities = [0, 1, 2, 3].map(seededIdentity)
const maxClones = 2
const maxLives = 12

/** A mesh of nodes, and what must be true of it whatever happens. */
export class MeshWorld implements AsyncDisposable {
  readonly #clock = new VirtualClock()
  readonly #options: LifeOptions
  readonly #random
  readonly #identities: readonly Identity[]
  readonly #homes: Home[] = []
  readonly #writes = new Map<string, Write>()
  /** For each identity, how often it lost something of its own: each may begin a further path of a feed. */
  readonly #lives = new Map<Did, number>()
  #counter = 0

  private constructor ({ identities: count, seed, ...options }: WorldOptions) {
    this.#random = seededRandom(seed)
    this.#options = { ...options, clock: this.#clock, random: this.#random }
    this.#identities = identities.slice(0, count)
  }

  static async make (options: WorldOptions): Promise<MeshWorld> {
    const world = new MeshWorld(options)
    for (const identity of world.#identities) {
      const others = world.#identities.filter((other) => other !== identity).map(({ did }) => did)
      world.#homes.push({ life: await MeshLife.start(identity, others, world.#options), shown: new Set(), backup: undefined })
    }
    return world
  }

  async run (commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      await this.#do(command)
      await this.#clock.advance(7)
    }
  }

  /** Lets everybody sync with everybody whom it trusts and who trusts it, until nothing changes. */
  async settle (): Promise<void> {
    await this.#clock.advance(700_000)                         // whatever a link that failed made them wait for is over
    let before = ''
    for (let still = 0, round = 0; still < 3; round++) {
      expect(round, 'rounds of sync until nothing changes').to.be.lessThan(30)
      await this.#gossip(round)
      const now = JSON.stringify(this.#homes.map(({ life }) => [plain(digestRoot(life.journals.states())), life.journal.parking.summary]))
      still = now === before ? still + 1 : 0
      before = now
      await this.#clock.advance(2_500)
    }
    for (const home of this.#homes) await this.#observe(home, 'sync')
  }

  /** Whoever trusts each other has the same of whom both admit. */
  checkPairs (): void {
    for (const [one, two] of this.#pairs()) {
      this.#checkPair(one, two)
      this.#checkPair(two, one)
    }
  }

  /** Who has asked another says that they have converged if, and only if, nothing is missing; else it names what is. */
  async checkClaims (): Promise<void> {
    for (const [a, b] of this.#pairs()) {
      for (const [one, two] of [[a, b], [b, a]] as const) {
        for (let round = 0; round < 2; round++) {
          await this.#round(one, two, 'all', new MemoryLink(two.life.receiver, one.life.source))
          await this.#clock.advance(2_500)                       // what is left to the other end to fetch is pushed then
        }
        const isAlike = this.#checkClaim(one, two)
        const isLost = two.life.journals.feeds().some(({ id }) => this.#buildsOnLost(id)) || one.life.journals.feeds().some(({ id }) => this.#buildsOnLost(id))
        if (!isLost) expect(isAlike, `${one.life.did} says at rest that it has converged with ${two.life.did}`).to.equal(true)
      }
    }
  }

  /** Lets everybody trust everybody, and checks that then all is everywhere. */
  async settleAll (): Promise<void> {
    const survived = new Set(this.#homes.flatMap(({ shown }) => [...shown]))
    for (const { life } of this.#homes) for (const { did } of this.#identities) if (did !== life.did && !life.trusted.has(did)) await life.trust(did)
    await this.settle()
    const views = await Promise.all(this.#homes.map(({ life }) => viewOf(life, (feed) => !this.#buildsOnLost(feed))))
    for (const [index, view] of views.entries()) expect(view, `home ${index} has what home 0 has`).to.deep.equal(views[0])
    for (const [index, { shown }] of this.#homes.entries()) expect(missing(survived, shown), `of what was somewhere, home ${index} lacks`).to.deep.equal([])
    for (const feed of this.#homes[0]?.life.journals.feeds() ?? []) {
      expect(feed.state.tips.length, `paths of ${feed.id.part} of ${feed.id.origin}`).to.be.at.most(1 + (this.#lives.get(feed.id.origin) ?? 0))
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const { life } of this.#homes) await life.kill()
  }

  async #do (command: Command): Promise<void> {
    switch (command.kind) {
      case 'append': return await this.#write(this.#home(command.home), command)
      case 'bulk': return await this.#write(this.#home(command.home), { kind: 'append', sizes: [1_400] })
      case 'change': return await this.#write(this.#home(command.home), command)
      case 'deliver': return await this.#deliver(command)
      case 'gossip': return await this.#gossipOnce(command.order)
      case 'kill': return await this.#restart(this.#home(command.home), ({ disk }) => disk.afterKill())
      case 'powerCut': return await this.#restart(this.#home(command.home), ({ disk }) => disk.afterCrash({ random: seededRandom(command.seed) }))
      case 'crash': return await this.#crash(command)
      case 'trust': return await this.#trust(this.#home(command.home), this.#did(command.identity))
      case 'untrust': return this.#distrust(this.#home(command.home), this.#did(command.identity))
      case 'backup': return this.#backUp(this.#home(command.home))
      case 'loseDisk': case 'restore': case 'clone': case 'damage': return await this.#lose(command)
    }
  }

  async #lose (command: Extract<Command, { kind: 'loseDisk' | 'restore' | 'clone' | 'damage' }>): Promise<void> {
    const home = this.#home(command.home)
    const { did } = home.life
    if ((this.#lives.get(did) ?? 0) >= maxLives) return
    this.#lives.set(did, 1 + (this.#lives.get(did) ?? 0))
    if (command.kind === 'clone') return await this.#clone(home)
    const backup = home.backup
    if (command.kind === 'restore') {
      if (backup === undefined) return
      home.shown = backup.shown
      return await this.#restart(home, () => backup.disk.afterKill())
    }
    home.shown = new Set()
    if (command.kind === 'loseDisk') return await this.#restart(home, () => undefined)
    await this.#damage(home, command)
  }

  /** A node does not start on a file that it does not know, as damage can make it seem: it is put right by hand then. */
  async #damage (home: Home, { file, place, isCut }: Extract<Command, { kind: 'damage' }>): Promise<void> {
    const whole = home.life.disk.afterKill()
    const found = whole.afterKill()
    const path = found.paths()[file % found.paths().length] ?? ''
    const size = Math.max(1, found.contentOf(path).length)
    if (isCut) found.truncate(path, place % size)
    else found.flip(path, place % size, place % 8)
    try {
      await this.#restart(home, () => found)
    } catch (error) {
      if (!isMeshError(error, 'MESH_FORMAT_NEWER') && !isMeshError(error, 'MESH_DISK_FAILED')) throw error
      await this.#restart(home, () => whole)
    }
  }

  #backUp (home: Home): void {
    home.backup = { disk: home.life.disk.afterKill(), shown: home.shown }
  }

  async #clone ({ life, shown }: Home): Promise<void> {
    if (this.#homes.length >= this.#identities.length + maxClones) return
    const clone = { life: await MeshLife.start(life.identity, life.trusted, this.#options, life.disk.afterKill()), shown, backup: undefined }
    this.#homes.push(clone)
    await this.#observe(clone, 'a clone')
  }

  async #restart (home: Home, next: (life: MeshLife) => FaultyDisk | undefined): Promise<void> {
    const disk = next(home.life)
    await home.life.kill()
    if (disk === undefined) home.life = await MeshLife.start(home.life.identity, home.life.trusted, this.#options)
    else await home.life.restart(disk)
    await this.#observe(home, 'a restart')
  }

  async #crash ({ home: number, during, points, isPowerCut, seed }: Extract<Command, { kind: 'crash' }>): Promise<void> {
    const home = this.#home(number)
    const { disk } = home.life
    disk.crashAt(disk.points + points)
    try {
      if (during === 'deliver') await this.#round(home, this.#home(number + 1), 'all', new MemoryLink(this.#home(number + 1).life.receiver, home.life.source))
      else await this.#write(home, during === 'append' ? { kind: 'append', sizes: [1, 2] } : { kind: 'change' })
    } catch {
      // the process is dying: what it says does not count
    }
    await this.#restart(home, ({ disk }) => isPowerCut ? disk.afterCrash({ random: seededRandom(seed) }) : disk.afterKill())
    await this.#observe(this.#home(number + 1), 'a delivery to one that crashed')
  }

  async #trust (home: Home, did: Did): Promise<void> {
    if (did === home.life.did) return
    await home.life.trust(did)
    await this.#observe(home, 'trust')
  }

  #distrust ({ life }: Home, did: Did): void {
    life.trusted.delete(did)
  }

  /** Writes, and notes what was acknowledged. */
  async #write (home: Home, command: { readonly kind: 'append', readonly sizes: readonly number[] } | { readonly kind: 'change' }): Promise<void> {
    const { life, life: { journal, did } } = home
    if (command.kind === 'change') {
      const name = `s${this.#counter++}`
      this.#writes.set(name, { origin: did, saw: keysOf(life) })
      await this.#patiently(journal.change((draft) => { draft[name] = name }))
      home.shown = new Set([...home.shown, name])
    } else {
      const parts = command.sizes.map((size) => Array.from({ length: size }, () => `e${this.#counter++}`))
      for (const name of parts.flat()) this.#writes.set(name, { origin: did, saw: new Set() })
      await this.#patiently(Promise.all(parts.map((names) => journal.append(names.map((body) => ({ body }))))))
      home.shown = new Set([...home.shown, ...parts.flat()])
    }
    await this.#observe(home, `${command.kind}`)
  }

  /** Time passes only when nothing else does. */
  async #patiently (task: Promise<unknown>): Promise<void> {
    const progress = { isOver: false }
    const end = task.finally(() => { progress.isOver = true })
    end.catch(() => {})
    for (let turn = 1; !progress.isOver; turn++) {
      await settle()
      if (turn % 100 === 0) await this.#clock.advance(this.#clock.delays[0] ?? 0)
    }
    await end
  }

  async #deliver ({ from, to, how, isFaulty, seed }: Extract<Command, { kind: 'deliver' }>): Promise<void> {
    const [one, two] = [this.#home(from), this.#home(to)]
    if (one.life.did === two.life.did || !trustsEachOther(one.life, two.life)) return
    const { receiver } = two.life
    const link = isFaulty ? new FaultyLink(receiver, one.life.source, seededRandom(seed)) : new MemoryLink(receiver, one.life.source)
    try {
      await this.#round(one, two, how, link)
      if (how === 'all' && !isFaulty) this.#checkClaim(one, two)
    } catch (error) {
      if (!(error instanceof LostError)) throw error
    }
    for (const home of [one, two]) await this.#observe(home, `a delivery (${how})`)
  }

  #round (one: Home, two: Home, how: 'all' | 'pull' | 'push' | 'blind', link: FaultyLink | MemoryLink): Promise<void> {
    return one.life.round(two.life, link, { all: {}, pull: { pushes: false }, push: { pulls: false }, blind: { asks: false } }[how])
  }

  async #gossipOnce (order: number): Promise<void> {
    await this.#gossip(order)
    for (const home of this.#homes) await this.#observe(home, 'sync')
  }

  /** Each pair once over a link that works; `order` says who dials. */
  async #gossip (order: number): Promise<void> {
    for (const [index, [a, b]] of this.#pairs().entries()) {
      const [one, two] = ((order >> (index % 5)) & 1) === 0 ? [a, b] : [b, a]
      await this.#round(one, two, 'all', new MemoryLink(two.life.receiver, one.life.source))
    }
  }

  /** Looks at what a home shows: it has not forgotten anything, shows nothing twice, and nothing that it should not have. */
  async #observe (home: Home, after: string): Promise<void> {
    const { life, shown } = home
    const names = namesOf((await life.journal.read()).entries)
    const now = new Set([...names, ...keysOf(life)])
    expect(names.length, `entries that ${life.did} shows once after ${after}`).to.equal(new Set(names).size)
    expect(missing(shown, now), `what ${life.did} forgot after ${after}`).to.deep.equal([])
    if (shown.size > 0) for (const name of missing(now, shown)) expect(this.#mayShow(life, name, now), `${life.did} may show ${name} after ${after}`).to.equal(true)
    home.shown = now
  }

  /** Its origin is admitted, or somebody who is has built on it. */
  #mayShow (life: MeshLife, name: string, now: ReadonlySet<string>): boolean {
    const { origin } = this.#writes.get(name) ?? {}
    if (origin === undefined) return false
    return life.admits(origin) || [...now].some((other) => {
      const write = this.#writes.get(other)
      return write !== undefined && life.admits(write.origin) && write.saw.has(name)
    })
  }

  /** Gives whether one says that another has the same. */
  #checkClaim ({ life: one }: Home, { life: two }: Home): boolean {
    const { converged, peers: [row], missing, parked, reason } = one.tell(two)
    if (row === undefined) throw new TypeError('each home that is told of has a row')
    const named = [row.missing_there, row.missing_here, row.differing].flat().length
    expect(row.converged, `the peer converged, of which this is named: ${row.reason}`).to.equal(row.said_at !== undefined && named === 0)
    const isStuck = missing.some(({ has }) => has.length === 0) || parked.some(({ why }) => why === 'before')
    expect(converged, `converged, when this is said: ${reason}`).to.equal(row.converged && !isStuck)
    const lacking = one.journals.feeds().filter(({ id: { origin } }) => one.admits(origin) && two.admits(origin)).filter((feed) => feed.state.tips.some((tip) => two.journals.feed(feed.id)?.knows(tip) !== true))
    if (row.converged) expect(lacking.map(({ id }) => id), `of what ${one.did} has, ${two.did} lacks though they have converged`).to.deep.equal([])
    return row.converged
  }

  #checkPair ({ life: one, shown }: Home, { life: two, shown: theirs }: Home): void {
    const admitted = [...theirs].filter((name) => one.admits(this.#writes.get(name)?.origin ?? one.did))
    expect(admitted.filter((name) => !shown.has(name)), `of what ${two.did} shows, ${one.did} admits and lacks`).to.deep.equal([])
    for (const feed of two.journals.feeds()) {
      const { origin } = feed.id
      if (!one.admits(origin) || !two.admits(origin) || this.#buildsOnLost(feed.id)) continue
      expect(plain(one.journals.feed(feed.id)?.state), `${feed.id.part} of ${origin} at ${one.did} and ${two.did}`).to.deep.equal(plain(feed.state))
    }
  }

  /** Whether somebody keeps aside a change of a state because nobody has all that it builds on any more: whoever held that lost it. */
  #buildsOnLost (feed: FeedId): boolean {
    return feed.part === 'state' && this.#homes.some(({ life }) => life.journal.parking.of(feed).length > 0)
  }

  /** Homes that have a link. */
  #pairs (): [Home, Home][] {
    return this.#homes.flatMap((one, index) => this.#homes.slice(index + 1).filter((two) => trustsEachOther(one.life, two.life)).map((two): [Home, Home] => [one, two]))
  }

  #home (number: number): Home {
    return this.#homes[number % this.#homes.length] as Home
  }

  #did (number: number): Did {
    return (this.#identities[number % this.#identities.length] as Identity).did
  }
}

function trustsEachOther (one: MeshLife, two: MeshLife): boolean {
  return one.did !== two.did && one.trusted.has(two.did) && two.trusted.has(one.did)
}

function missing (of: ReadonlySet<string>, inside: ReadonlySet<string>): string[] {
  return [...of].filter((name) => !inside.has(name))
}

function namesOf (entries: readonly EntryView[]): string[] {
  return entries.map(({ body }) => String(body))
}

function keysOf ({ journal }: MeshLife): Set<string> {
  return new Set(Object.keys(journal.state.value as object))
}

/** Everything that others can see of a home. */
async function viewOf ({ journals, journal }: MeshLife, isComparable: (feed: FeedId) => boolean): Promise<unknown> {
  return plain({
    states: journals.states().filter(({ feed }) => isComparable(feed)),
    entries: (await journal.read()).entries,
    state: journal.state.value,
    stateHeads: journal.state.heads,
    // What waits for something that was lost with its only disk waits for ever.
    parked: journal.parking.summary.filter(({ why }) => why === 'trust')
  })
}

/** Bytes as hex, tips and heads in one order. */
function plain (value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, each: unknown) => {
    const bare = each instanceof Uint8Array ? Buffer.from(each).toString('hex') : isJsonBuffer(each) ? Buffer.from(each.data).toString('hex') : each
    return Array.isArray(bare) && (key === 'tips' || key === 'heads') ? bare.map((item) => JSON.stringify(item, (_, x: unknown) => x instanceof Uint8Array ? Buffer.from(x).toString('hex') : x)).sort() : bare
  }))
}

function isJsonBuffer (value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}
