import type { Link, LinkTarget } from '@akshi/core'
import { keyOf, never } from '../conformance/material.ts'
import type { TransportEnd, TransportSubject, TransportWorld } from '../conformance/transport-subject.ts'
import { seededIdentity } from '../seeded-identity.ts'
import type { FaultTrial, Within } from './fault-trial.ts'
import { pullAll, TrialWriter } from './trial-writer.ts'

const size = 3

/**
 * Three nodes push, ask and pull at once for some rounds, while calls are aborted, nodes stop and start and, where the subject
 * can, what they share goes away. Then everything that was called stored must be there, unaltered, and nothing else.
 */
export async function tryTransport (trial: FaultTrial, subject: TransportSubject, rounds: number): Promise<void> {
  const world = await subject.open()
  const play = new TransportTrial(trial, subject, world)
  try {
    await play.begin()
    for (let round = 1; round <= rounds; round++) await play.round(round)
    await play.check()
  } finally {
    await play.end().finally(() => world.close())
  }
}

class TransportTrial {
  readonly #trial: FaultTrial
  readonly #subject: TransportSubject
  readonly #world: TransportWorld
  readonly #within: Within
  readonly #writers: readonly TrialWriter[]
  /** Reads what is shared, at the end. */
  readonly #latecomer: TrialWriter
  /** What was called stored, and who must have it. */
  readonly #stored: { readonly bytes: Uint8Array, readonly at: TrialWriter }[] = []
  #isAway = false

  constructor (trial: FaultTrial, subject: TransportSubject, world: TransportWorld) {
    this.#trial = trial
    this.#subject = subject
    this.#world = world
    this.#within = trial.patience({ advance: world.advance, deadlineMs: subject.deadlineMs })
    this.#writers = Array.from({ length: size }, (_, index) => new TrialWriter(seededIdentity(trial.seed * size + index)))
    this.#latecomer = new TrialWriter(seededIdentity(trial.seed * size + size))
  }

  async begin (): Promise<void> {
    for (const writer of this.#writers) await this.#start(writer, await this.#world.end(writer.identity))
  }

  /** What is real, also where time is virtual, comes before and after. */
  async round (number: number): Promise<void> {
    const { takeAway } = this.#world
    const ends = await Promise.all(this.#writers.map(async ({ identity }) => this.#trial.chance(0.1) ? await this.#world.end(identity) : undefined))
    this.#isAway = takeAway !== undefined && this.#trial.chance(0.1)
    const bringBack = this.#isAway ? await takeAway?.() : undefined
    if (this.#isAway) this.#trial.count('outages')
    const acts = this.#writers.map((writer, index) => ends[index] === undefined ? this.#act(writer) : this.#restart(writer, ends[index]))
    await this.#within(Promise.all(acts), `the end of round ${number}`)
    await bringBack?.()
    this.#isAway = false
  }

  /** In a shared place all must be there for one who comes later; of peers each must have got what it called stored. */
  async check (): Promise<void> {
    if (this.#stored.length === 0) this.#trial.fail('nothing that was pushed was called stored')
    if (this.#subject.reach === 'shared') return this.#compare(await this.#within(this.#readPlace(), 'a look at what is there'), this.#stored)
    for (const writer of this.#writers) this.#compare(new Set(writer.came.keys()), this.#stored.filter(({ at }) => at === writer))
  }

  async end (): Promise<void> {
    const all = [...this.#writers, this.#latecomer]
    for (const { end } of all) await this.#within(Promise.resolve(end?.transport.stop()), 'stop')
    for (const { end } of all) this.#trial.expectNone(end?.leftovers() ?? [])
  }

  async #act (writer: TrialWriter): Promise<void> {
    const other = this.#writers[this.#trial.below(size)] ?? writer
    const link = await this.#link(writer, other)
    if (link === undefined) return
    const turns = writer.turns + other.turns
    const isCalm = () => this.#subject.reach === 'shared' && !this.#isAway && writer.turns + other.turns === turns
    const batch = Array.from({ length: 1 + this.#trial.below(6) }, () => writer.write(this.#trial.below(20_000)))
    const receipt = await this.#trial.call('pushes', (signal) => link.push(batch, signal), isCalm)
    for (const [index, bytes] of batch.entries()) if (receipt?.verdicts[index]?.status === 'stored') this.#stored.push({ bytes, at: other })
    await this.#trial.call('digests', (signal) => link.digest({ root: new Uint8Array(32) }, signal), isCalm)
    await this.#trial.call('pulls', (signal) => pullAll(link, [writer.rangeAfter(new Set())], signal), isCalm)
    await link.close()
  }

  async #restart (writer: TrialWriter, end: TransportEnd): Promise<void> {
    this.#trial.count('restarts')
    writer.turns++
    await writer.transport.stop()
    this.#trial.expectNone(writer.end?.leftovers() ?? [])
    await this.#start(writer, end)
    writer.turns++
  }

  async #start (writer: TrialWriter, end: TransportEnd): Promise<void> {
    writer.end = end
    await this.#within(end.transport.start(writer, never), 'start')
  }

  /** Nothing when there is none to be had now. */
  async #link (from: TrialWriter, to: TrialWriter): Promise<Link | undefined> {
    if (this.#subject.reach === 'peer' && from === to) return undefined
    const target: LinkTarget = this.#subject.reach === 'shared' ? { kind: 'shared' } : { kind: 'peer', did: to.identity.did, addresses: () => to.end?.addresses() ?? [] }
    return await from.transport.connect(target, never).catch(() => undefined)
  }

  /** What comes to a node that has never been there, and that asks again as long as something new comes. */
  async #readPlace (): Promise<ReadonlySet<string>> {
    const reader = this.#latecomer
    await this.#start(reader, await this.#world.end(reader.identity))
    const link = await reader.transport.connect({ kind: 'shared' }, never)
    await link.digest({ root: new Uint8Array(32) }, never)
    const came = new Set<string>()
    for (let before = -1; came.size > before;) {
      before = came.size
      for (const item of await pullAll(link, this.#writers.map((writer) => writer.rangeAfter(came)), never)) came.add(keyOf(item))
    }
    return came
  }

  #compare (came: ReadonlySet<string>, stored: readonly { readonly bytes: Uint8Array }[]): void {
    const written = new Set(this.#writers.flatMap((writer) => writer.written.map(({ bytes }) => keyOf(bytes))))
    const [missing, strange] = [stored.filter(({ bytes }) => !came.has(keyOf(bytes))), [...came].filter((key) => !written.has(key))]
    this.#trial.count('checks')
    if (missing.length > 0) this.#trial.fail(`${missing.length} of ${stored.length} items are missing that were called stored`)
    if (strange.length > 0) this.#trial.fail(`${strange.length} of ${came.size} items came that nobody sent: bytes were altered, cut or joined`)
  }
}
