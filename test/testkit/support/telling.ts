import type { EntryView } from '@akshi/core'
import type { SimulatedNode } from '@akshi/testkit'
import { Lab } from './lab.ts'
import type { Fault, Message } from './message-faults.ts'
import { Promises, type Beginning, type Story, type Write } from './stories.ts'

/**
 * How long two nodes may take to come together once nothing goes wrong any more: who waits for an answer gives it up after
 * 5 s, and a link that did not work for a while waits at most about as long again, and never more than 30 s.
 */
export function maxRestMs (lastsMs: number): number {
  return 5_500 + Math.min(lastsMs, 30_000)
}

/** Longer than two intervals. */
const stillMs = 21_000

/** One telling of a story. */
export interface Telling {
  readonly messages: readonly Message[]
  /** From the end of the fault until both say that they have converged. */
  readonly restMs: number
  /** What must not be and was. */
  readonly problems: readonly string[]
}

/** The fault that happens at message number `at`, and when the messages are sent if it does not. */
export interface Disturbance {
  readonly fault: Fault
  readonly at: number
  readonly undisturbed: readonly Message[]
}

/** Tells a story once: without a fault, or with one at one message. */
export async function tell (story: Story, { disks, promises }: Beginning, disturbance?: Disturbance): Promise<Telling> {
  const kept = new Promises(promises)
  const fates = new Fates(disturbance)
  await using lab: Lab = new Lab({ sync: story.sync, disks, fateOf: (message) => fates.of(message, lab) })
  await lab.start()
  if (story.meanwhile === undefined) fates.begin(lab.at)
  else await write(lab, story.meanwhile, kept, fates)
  if (!await lab.runUntil(() => fates.isDone, 30_000)) throw new Error('the message to which the fault is to happen is never sent')
  const isTogether = await lab.runUntil(() => lab.at >= fates.overAt && lab.hasConverged, fates.overAt - lab.at + maxRestMs(disturbance?.fault.lastsMs ?? 0))
  const messages = [...fates.messages]
  const restMs = lab.at - fates.overAt
  return { messages, restMs, problems: isTogether ? await judge(lab, kept) : lab.nodes.map(unconverged) }
}

/** Writes to nodes that have come together, each at its time. */
async function write (lab: Lab, writes: readonly Write[], promises: Promises, fates: Fates): Promise<void> {
  if (!await lab.runUntil(() => lab.hasConverged)) throw new Error('the two do not come together')
  fates.begin(lab.at + Math.max(...writes.map(({ afterMs }) => afterMs)))
  for (const { afterMs, node: number, write } of writes) {
    const node = lab.node(number)
    lab.in(afterMs, () => { if (node.isUp) write(node, promises).catch(() => {}) })
  }
}

/** Counts the messages of a telling, and decides the fate of each. */
class Fates {
  readonly messages: Message[] = []
  readonly #disturbance: Disturbance | undefined
  #isCounting = false
  #silentUntil = -Infinity
  /** When everything was written, and nothing goes wrong any more. */
  overAt = Infinity

  constructor (disturbance: Disturbance | undefined) {
    this.#disturbance = disturbance
  }

  get isDone (): boolean { return this.#disturbance === undefined || this.messages.length > this.#disturbance.at }

  /** Counts from now on; the last write is made at `lastWriteAt`. */
  begin (lastWriteAt: number): void {
    this.#isCounting = true
    this.overAt = lastWriteAt
  }

  of (message: Message, lab: Lab): readonly number[] | undefined {
    if (message.at < this.#silentUntil) return []
    if (!this.#isCounting || this.messages.push(message) - 1 !== this.#disturbance?.at) return undefined
    const { fault } = this.#disturbance
    this.overAt = Math.max(this.overAt, message.at + fault.lastsMs)
    return fault.strike({ lab, message, nextInMs: nextIn(this.#disturbance, message), silence: (ms) => { this.#silentUntil = message.at + ms } })
  }
}

/** When the sender's next message is due. */
function nextIn ({ undisturbed, at }: Disturbance, { from }: Message): number | undefined {
  const next = undisturbed.slice(at + 1).find((message) => message.from === from)
  return next === undefined ? undefined : next.at - (undisturbed[at]?.at ?? 0)
}

/** What is wrong with two nodes that say that they have converged. */
async function judge (lab: Lab, promises: Promises): Promise<string[]> {
  const before = await fingerprints(lab)
  const problems = before[0] === before[1] ? [] : ['the two read otherwise or have other envelopes']
  for (const node of lab.nodes) problems.push(...await missingAt(node, promises), ...await forksAt(node))
  let moved = 0
  const stop = lab.network.onMessage(({ kind }) => { if (kind === 'pull') moved++ })
  await lab.run(stillMs)
  stop()
  if (moved > 0) problems.push(`${moved} pulls after both said that they had converged`)
  if ((await fingerprints(lab)).join() !== before.join()) problems.push('something changed after both said that they had converged')
  if (!lab.hasConverged) problems.push(...lab.nodes.map(unconverged))
  return problems
}

async function missingAt ({ name, control }: SimulatedNode, promises: Promises): Promise<string[]> {
  const { entries } = await control.read('notes')
  const bodies = entries.map(({ body }: EntryView) => String(body))
  const keys = Object.keys(control.state('notes').value as object)
  const lost = [...[...promises.entries].filter((body) => !bodies.includes(body)), ...[...promises.keys].filter((key) => !keys.includes(key))]
  return [...lost.length > 0 ? [`${name} lacks ${lost.length} writes, the first ${lost[0]}`] : [], ...new Set(bodies).size < bodies.length ? [`${name} shows an entry twice`] : []]
}

async function forksAt (node: SimulatedNode): Promise<string[]> {
  return (await node.states()).filter(({ tips }) => tips.length !== 1).map(({ feed: { part } }) => `${node.name} sees a fork of a ${part}`)
}

async function fingerprints (lab: Lab): Promise<string[]> {
  return await Promise.all(lab.nodes.map(async (node) => JSON.stringify([
    (await node.states()).map(({ feed, tips, heads }) => [feed, tips.map(({ seq, id }) => [seq, Buffer.from(id).toString('hex')]), heads.map((head) => Buffer.from(head).toString('hex'))]),
    (await node.control.read('notes')).entries.map(({ id, body }) => [id, body]),
    node.control.state('notes').value
  ])))
}

function unconverged (node: SimulatedNode): string {
  return node.isUp ? `${node.name} says: ${node.control.convergence().reason}` : `${node.name} is down`
}
