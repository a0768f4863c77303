import { encodeCbor } from '../cbor.ts'
import { fields } from './answer-checks.ts'

/** Why something is no veto; `undefined` when it is one. */
export function vetoProblem (result: unknown): string | undefined {
  const { reason, retryAfterMs } = fields(result)
  if (typeof reason !== 'string') return `its tap gave ${kindOf(result)}, where a veto { reason } or undefined belongs`
  if (retryAfterMs !== undefined && !(typeof retryAfterMs === 'number' && retryAfterMs >= 0)) return 'the retryAfterMs of its veto is no number of milliseconds'
}

/** Why something is no list of transports. */
export function choicesProblem (result: unknown): string | undefined {
  const isList = Array.isArray(result) && result.every((choice) => typeof fields(choice).transport === 'string' && typeof fields(choice).reach === 'string')
  return isList ? undefined : `its tap gave ${kindOf(result)}, where the list of choices belongs, reordered or shortened`
}

/** Why something is no announcement that can be sent. */
export function announcementProblem (result: unknown): string | undefined {
  const { addresses, capabilities, agents, extra } = fields(result)
  const isWhole = [addresses, capabilities, agents].every(Array.isArray) && typeof extra === 'object' && extra !== null
  if (!isWhole) return `its tap gave ${kindOf(result)}, where the announcement belongs, with more in it`
  try {
    encodeCbor({ addresses, capabilities, agents, extra })
  } catch {
    return 'what its tap added to the announcement is no plain CBOR (text, numbers, bytes, lists and objects of these)'
  }
}

function kindOf (value: unknown): string {
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
