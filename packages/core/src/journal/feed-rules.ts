import { sameBytes } from '../bytes.ts'
import type { JournalEnvelope, JournalHeader } from '../envelope.ts'
import { describeError } from '../errors.ts'
import type { Verdict } from '../transport.ts'
import { readChange } from './change.ts'

/** Where a feed stands before its next envelope. */
export interface Position {
  readonly seq: number
  readonly id: Uint8Array | undefined
  /** Number and head of the open segment; none before the first envelope. */
  readonly segment: number | undefined
  readonly head: Uint8Array | undefined
}

/**
 * Whether an envelope is the next of a feed: chained by its number and its predecessor's id, and holding one change that
 * is the one it names and continues its segment, or begins the next one. Looks at nothing that could unfold.
 */
export function checkNext ({ header, payload }: JournalEnvelope, position: Position): Verdict {
  if (header.part !== 'log') return refused('this version has no journal state yet')
  if (header.seq > position.seq + 1) return { status: 'gap', reason: `envelope ${position.seq + 1} is missing` }
  if (!sameBytes(header.prev, position.id)) return { status: 'fork', reason: `its predecessor ${header.seq - 1} is another one` }
  const problem = findChangeProblem(header, payload, position)
  return problem === undefined ? { status: 'stored' } : refused(problem)
}

function findChangeProblem (header: JournalHeader, payload: Uint8Array, { segment, head }: Position): string | undefined {
  let change
  try {
    change = readChange(payload)
  } catch (error) {
    return `its payload is not a change: ${describeError(error)}`
  }
  if (header.heads.length !== 1 || !sameBytes(header.heads[0], change.hash)) return 'its change is not the one its header names'
  if (!sameBytes(header.actor, change.actor)) return 'its change is by another actor than its header names'
  const begins = segment === undefined ? header.segment === 0 : header.segment === segment + 1
  if (!begins && header.segment !== segment) return `segment ${header.segment} does not follow segment ${segment ?? 'none'}`
  const expected = begins ? [] : [head]
  if (change.deps.length !== expected.length || !sameBytes(change.deps[0], expected[0])) return 'its change does not continue the segment'
}

function refused (reason: string): Verdict {
  return { status: 'refused', reason }
}
