import { goodConditions, seededRandom, type NetworkMessage, type SimulatedNode } from '@akshi/testkit'
import type { Lab } from './lab.ts'

export type Message = Omit<NetworkMessage, 'fate'>

/** Where a fault happens. */
export interface Scene {
  readonly lab: Lab
  /** The message that it happens to, as it is sent. */
  readonly message: Message
  /** When the next message of the same sender is sent if nothing goes wrong, in milliseconds from this one. */
  readonly nextInMs: number | undefined
  /** Loses all that is sent from now on for a while; nobody is told when that is over. */
  readonly silence: (ms: number) => void
}

/** Something that goes wrong at one message. */
export interface Fault {
  readonly name: string
  /** How long it takes until nothing goes wrong any more. */
  readonly lastsMs: number
  /** Returns the fate of the message: how much later it arrives, each time that it does. */
  readonly strike: (scene: Scene) => readonly number[]
}

const justBeforeArrivalMs = goodConditions.delayMs - 1
const deadForMs = 1_000

function kill (lab: Lab, node: SimulatedNode, { power }: { readonly power: boolean }): void {
  if (!node.isUp) return
  node.crash(power ? node.disk.afterCrash({ random: seededRandom(Math.floor(lab.at)) }) : node.disk.afterKill())
  lab.in(deadForMs, () => node.start())
}

/** Kills a node, or takes its power, when it writes to its disk for the n-th time from now on. */
function killAtWrite (lab: Lab, node: SimulatedNode, write: number, options: { readonly power: boolean }): void {
  const { lives, disk } = node
  disk.crashAt(disk.points + write)
  const before = lab.onStep
  lab.onStep = () => {
    before()
    if (node.isUp && node.lives === lives && node.disk.isCrashed) kill(lab, node, options)
  }
}

/** A node that dies, and is started again a second later. */
function crash (name: string, afterMs: number, die: (scene: Scene) => void): Fault {
  return { name, lastsMs: deadForMs + afterMs, strike: (scene) => { scene.lab.in(afterMs, () => die(scene)); return [0] } }
}

function crashes (power: boolean): Fault[] {
  const how = power ? 'loses power' : 'is killed'
  return [
    crash(`its sender ${how} as it goes out`, 0, ({ lab, message: { from } }) => kill(lab, lab.of(from), { power })),
    crash(`its receiver ${how} before it comes`, justBeforeArrivalMs, ({ lab, message: { to } }) => kill(lab, lab.of(to), { power })),
    ...[1, 2].map((write) => crash(`its receiver ${how} at write ${write} after it comes`, justBeforeArrivalMs, ({ lab, message: { to } }) => killAtWrite(lab, lab.of(to), write, { power })))
  ]
}

/** Longer than anybody waits for an answer, so that what comes then is not waited for any more. */
const tooLateMs = 6_000

export const faults: readonly Fault[] = [
  { name: 'it is lost', lastsMs: 0, strike: () => [] },
  { name: 'it comes again soon', lastsMs: 3, strike: () => [0, 3] },
  { name: 'it comes again later', lastsMs: 700, strike: () => [0, 700] },
  { name: 'the next overtakes it', lastsMs: 0, strike: ({ nextInMs }) => nextInMs === undefined ? [0] : [nextInMs + 1] },
  { name: 'it comes when nobody waits for it any more', lastsMs: tooLateMs, strike: () => [tooLateMs] },
  ...[3_000, 40_000].map((ms): Fault => ({ name: `nothing comes through after it for ${ms / 1_000} s`, lastsMs: ms, strike: ({ silence }) => { silence(ms); return [0] } })),
  ...crashes(false),
  ...crashes(true)
]
