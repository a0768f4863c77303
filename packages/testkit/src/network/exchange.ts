import { describeError, isMeshError, MeshError, type Did } from '@akshi/core'
import { unreachable, type Host, type MemoryNetwork } from './memory-network.ts'
import type { MessageKind } from './traffic.ts'

/** Part of an answer that got through before the connection broke. */
export interface Answer {
  readonly parts: readonly Uint8Array[]
  readonly broken?: MeshError
}

export interface Exchange {
  readonly from: Did
  readonly to: Did
  readonly kind: MessageKind
  readonly parts: readonly Uint8Array[]
  /** What the other end does; called again for each repetition. */
  readonly perform: (host: Host) => Promise<readonly Uint8Array[]>
  readonly signal: AbortSignal
}

const overheadBytes = 64

/**
 * A request and its answer over the network.
 *
 * @throws MeshError `MESH_PEER_UNREACHABLE` when either is lost or nobody answers, what the other end threw if that is
 * `MESH_NOT_TRUSTED`, else `MESH_SEND_FAILED`; the reason of the signal.
 */
export function exchange (network: MemoryNetwork, { from, to, kind, parts, perform, signal }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { timeoutMs } = network.conditions(from, to)
    const timer = network.clock.timer(timeoutMs, () => fail(unreachable(to, `no answer within ${timeoutMs} ms`)))
    const abort = () => fail(signal.reason as Error)
    const end = () => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
    const fail = (reason: Error) => {
      end()
      reject(reason)
    }
    const answer = (answered: readonly Uint8Array[], settle: () => void) => {
      network.send({ from: to, to: from, kind, isAnswer: true, bytes: sizeOf(answered), items: kind === 'pull' ? answered.length : 0, parts: answered, arrive: () => { end(); settle() } })
    }
    const arrive = async () => {
      const host = network.host(to)
      if (host === undefined) return answer([], () => reject(unreachable(to, 'nobody listens there')))
      try {
        const answered = await perform(host)
        if (!network.isAttached(host)) return
        const kept = keptParts(answered)
        if (kept === undefined) return answer(answered, () => resolve({ parts: answered }))
        answer(kept, () => resolve({ parts: kept, broken: unreachable(to, 'the connection broke during the answer') }))
      } catch (error) {
        if (network.isAttached(host)) answer([], () => reject(asAnswered(error, to)))
      }
    }
    /** Of a long answer a part may come through, which is worse than nothing. */
    const keptParts = (answered: readonly Uint8Array[]) => {
      const { uniform } = network.chance(to, from)
      if (kind !== 'pull' || answered.length === 0 || uniform() >= network.conditions(to, from).loss) return undefined
      return answered.slice(0, Math.floor(uniform() * answered.length))
    }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) return abort()
    network.send({ from, to, kind, bytes: sizeOf(parts), items: kind === 'push' ? parts.length : 0, parts, arrive: () => { void arrive() } })
  })
}

function sizeOf (parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, overheadBytes)
}

function asAnswered (error: unknown, to: Did): MeshError {
  if (isMeshError(error, 'MESH_NOT_TRUSTED') || isMeshError(error, 'MESH_PEER_MISMATCH')) return error
  return new MeshError('MESH_SEND_FAILED', `${to} failed: ${describeError(error)}. It is tried again.`, { cause: error })
}
