import { MeshError } from '@akshi/core'
import type { Invocation } from '../invocation.ts'
import type { Io } from '../io.ts'
import { printable, shortHeads, table } from '../terminal.ts'
import { feedMeasurements } from './feed.ts'
import { DemoMesh } from './mesh.ts'
import { MeshSight, sameHeads, type NodeSight } from './sight.ts'

const linesPerNode = 20
const deadlineMs = 60_000
const lookEveryMs = 25

/** A step on the way to convergence, reached when it is true of all nodes at once. */
interface Milestone {
  readonly name: string
  readonly text: string
  readonly reached: (sights: readonly NodeSight[]) => boolean
  /** Milliseconds after the demo's start, once it was reached. */
  atMs?: number
}

/**
 * The demo for CI: each node journals the same number of lines. Resolves once all nodes have all of them over the expected
 * transport, the timings are printed, the nodes have stopped and their folder is gone.
 *
 * @throws MeshError `MESH_TIMEOUT` after 60 s, with what each node has. `Error` when a node ends, or when interrupted.
 */
export async function runOnce (invocation: Invocation, peers: boolean): Promise<void> {
  const { io } = invocation
  const stop = io.interruption()
  const startedAt = io.clock.monotonic()
  const elapsed = () => Math.round(io.clock.monotonic() - startedAt)
  invocation.hint('Starting three nodes ...')
  await using mesh = await DemoMesh.create(io, peers)
  await mesh.start(peers)
  const startedMs = elapsed()
  const expected = linesPerNode * mesh.nodes.length
  const steps = milestones(peers, expected)
  const [acknowledgedMs, sights] = await Promise.all([
    Promise.all(mesh.nodes.map((node) => feedMeasurements(node, io, linesPerNode))).then(elapsed),
    watch(new MeshSight(mesh), steps, { io, stop, elapsed })
  ])
  const timings = [
    { name: 'started', text: 'three nodes run', atMs: startedMs },
    { name: 'acknowledged', text: `${expected} entries acknowledged, ${linesPerNode} by each node`, atMs: acknowledgedMs },
    ...steps
  ].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0))
  show(invocation, timings, sights, expected)
}

function milestones (peers: boolean, expected: number): Milestone[] {
  const everywhere: Milestone = {
    name: 'converged',
    text: `converged: ${expected} entries on each node, identical heads`,
    reached: (sights) => sameHeads(sights) && sights.every(({ entries }) => entries === expected)
  }
  if (!peers) return [{ name: 'transport', text: 'the shared folder chosen by all', reached: every(({ transport }) => transport.join() === 'fs') }, everywhere]
  return [
    { name: 'discovered', text: 'each has found and trusts the other two', reached: every((sight) => sight.peers.length === 2) },
    { name: 'transport', text: 'HTTP chosen between all', reached: every(({ transport, linked }) => transport.join() === 'http' && linked === 2) },
    everywhere
  ]
}

function every (holds: (sight: NodeSight) => boolean): (sights: readonly NodeSight[]) => boolean {
  return (sights) => sights.every(holds)
}

interface Watch {
  readonly io: Io
  readonly stop: AbortSignal
  readonly elapsed: () => number
}

/** Notes when each step is reached. Resolves, to what was seen last, when all are. */
async function watch (sight: MeshSight, steps: readonly Milestone[], { io, stop, elapsed }: Watch): Promise<readonly NodeSight[]> {
  for (;;) {
    const sights = await sight.look()
    for (const step of steps) if (step.atMs === undefined && step.reached(sights)) step.atMs = elapsed()
    const open = steps.filter(({ atMs }) => atMs === undefined)
    if (open.length === 0) return sights
    refuse(sights, open, stop, elapsed())
    await io.clock.sleep(lookEveryMs, stop).catch(() => {})
  }
}

function refuse (sights: readonly NodeSight[], open: readonly Milestone[], stop: AbortSignal, elapsedMs: number): void {
  if (stop.aborted) throw new DOMException('Interrupted before the nodes converged.', 'AbortError')
  for (const { name, end } of sights) {
    if (end !== undefined) throw new MeshError('MESH_NOT_RUNNING', `Node ${name} ended (${end.how}):\n${end.log.join('\n')}`)
  }
  if (elapsedMs < deadlineMs) return
  const state = sights.map(({ name, entries, peers, transport, reason }) => `${name} has ${entries} entries, peers ${peers.join(' ') || 'none'}, ${transport.join(' + ') || 'no transport'} (${reason})`)
  throw new MeshError('MESH_TIMEOUT', [`After ${deadlineMs / 1000} s still missing: ${open.map(({ text }) => text).join('; ')}`, ...state].join('\n'))
}

function show (invocation: Invocation, timings: readonly { name: string, text: string, atMs?: number }[], sights: readonly NodeSight[], entries: number): void {
  const { heads = [], reason = '', transport = [] } = sights[0] ?? {}
  const timingsMs = Object.fromEntries(timings.map(({ name, atMs }) => [name, atMs]))
  invocation.terminal.result({ converged: true, nodes: sights.length, entries, heads, transport, reason, timings_ms: timingsMs }, () => [
    ...table(timings.map(({ text, atMs = 0 }) => [`${(atMs / 1000).toFixed(2)} s`, text]), [0]),
    '',
    `${transport.join(' + ')}: ${printable(reason)}`,
    `heads ${shortHeads(heads)}`
  ])
}
