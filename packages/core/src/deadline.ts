import type { Clock } from './clock.ts'
import { MeshError } from './errors.ts'

/**
 * Runs a task that must end in time. The task's signal aborts at the deadline, or when `parent` does.
 *
 * @param what the task, for the message: "starting plugin mdns"
 * @throws MeshError `MESH_TIMEOUT` at the deadline, even when the task does not heed its signal; `parent.reason` when the
 * parent aborts; else what the task throws.
 */
export async function withDeadline<Result> (
  clock: Clock, limitMs: number, what: string, task: (signal: AbortSignal) => Promise<Result>, parent?: AbortSignal
): Promise<Result> {
  parent?.throwIfAborted()
  const controller = new AbortController()
  const abort = () => controller.abort(parent?.reason)
  parent?.addEventListener('abort', abort, { once: true })
  const timer = clock.timer(limitMs, () => {
    controller.abort(new MeshError('MESH_TIMEOUT', `${what} took longer than ${limitMs / 1000} s.`))
  })
  const aborted = new Promise<never>((resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  try {
    return await Promise.race([task(controller.signal), aborted])
  } finally {
    timer.cancel()
    parent?.removeEventListener('abort', abort)
  }
}
