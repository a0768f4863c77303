import { describeError } from '@akshi/core'
import type { Invocation } from '../invocation.ts'
import type { Io } from '../io.ts'
import { feedLog, feedStdin } from './feed.ts'
import { drawFrame } from './frame.ts'
import { DemoMesh } from './mesh.ts'
import { PlainLog } from './plain-log.ts'
import { Screen } from './screen.ts'
import { MeshSight, type NodeSight } from './sight.ts'

const lookEveryMs = 250

/** The demo until Ctrl-C. Resolves when the nodes have stopped and their folder is gone. */
export async function runLive (invocation: Invocation, peers: boolean): Promise<void> {
  const { io } = invocation
  const stop = io.interruption()
  invocation.hint('Starting three nodes ...')
  await using mesh = await DemoMesh.create(io, peers)
  await mesh.start(peers)
  const feeding = feedAll(mesh, io, stop, (problem) => invocation.hint(problem))
  await show(new MeshSight(mesh), invocation, peers, stop)
  await feeding
}

/** Beta and gamma journal a log of their own; so does alpha, unless stdin has lines for it. */
async function feedAll (mesh: DemoMesh, io: Io, stop: AbortSignal, report: (problem: string) => void): Promise<void> {
  await Promise.all(mesh.nodes.map(async (node, index) => {
    try {
      if (index === 0 && await feedStdin(node, io, stop) !== 0) return
      await feedLog(node, io, stop)
    } catch (error) {
      // A node that has ended is shown as such.
      if (node.end === undefined && !stop.aborted) report(`${node.name}: ${describeError(error)}`)
    }
  }))
}

async function show (sight: MeshSight, invocation: Invocation, peers: boolean, stop: AbortSignal): Promise<void> {
  const { io, terminal } = invocation
  const startedAt = io.clock.monotonic()
  const screen = io.stdout.isTTY === true ? new Screen(io.stdout) : undefined
  const log = new PlainLog((line) => io.stdout.write(`${line}\n`))
  const draw = (sights: readonly NodeSight[]) => screen === undefined
    ? log.show(sights)
    : screen.draw(drawFrame(sights, { peers, elapsedMs: io.clock.monotonic() - startedAt }, terminal))
  try {
    while (!stop.aborted) {
      draw(await sight.look())
      await io.clock.sleep(lookEveryMs, stop).catch(() => {})
    }
  } finally {
    screen?.close()
  }
}
