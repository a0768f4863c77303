import { describeError, isMeshError, MeshError, type Acknowledgement, type NewEntry } from '@akshi/core'

/** Where entries go; `ApiClient` is one. */
export interface EntrySink {
  append (journal: string, entries: readonly NewEntry[]): Promise<Acknowledgement>
}

export interface AppendPlan {
  readonly journal: string
  readonly kind?: string
  /** Each line is a JSON body, and empty lines are skipped; otherwise each line is a text. */
  readonly json: boolean
}

/** What was acknowledged so far. `last` is missing while nothing was. */
export interface Tally {
  readonly entries: number
  readonly last?: Acknowledgement
}

/**
 * Appends each line as an entry. One request is in flight at a time, with everything that came in meanwhile, so batches
 * grow with the load and memory does not. Resolves when the lines have ended and all of them are acknowledged.
 *
 * @throws MeshError what the sink throws, or `MESH_ENTRY_INVALID` for a line that is no JSON; the message says how many
 * entries were acknowledged before.
 */
export async function appendLines (sink: EntrySink, plan: AppendPlan, lines: AsyncIterable<readonly string[]>): Promise<Tally> {
  let tally: Tally = { entries: 0 }
  let lineNumber = 0
  try {
    for await (const batch of lines) {
      const { entries, problem } = toEntries(batch, plan, lineNumber)
      lineNumber += batch.length
      if (entries.length > 0) tally = { entries: tally.entries + entries.length, last: await sink.append(plan.journal, entries) }
      if (problem !== undefined) throw problem
    }
  } catch (error) {
    throw withTally(error, tally)
  }
  return tally
}

/** The entries of a batch, up to the first line that cannot be one. */
function toEntries (lines: readonly string[], plan: AppendPlan, before: number): { entries: NewEntry[], problem?: MeshError } {
  const entries: NewEntry[] = []
  const kind = plan.kind === undefined ? {} : { kind: plan.kind }
  for (const [index, line] of lines.entries()) {
    if (!plan.json) entries.push({ ...kind, body: line })
    else if (line.trim() !== '') {
      try {
        entries.push({ ...kind, body: JSON.parse(line) })
      } catch (cause) {
        return { entries, problem: new MeshError('MESH_ENTRY_INVALID', `Line ${before + index + 1} is not JSON: ${describeError(cause)}`, { cause }) }
      }
    }
  }
  return { entries }
}

function withTally (error: unknown, { entries }: Tally): unknown {
  if (!isMeshError(error) || entries === 0) return error
  return new MeshError(error.code as `${string}_${string}`, `${error.message} (${entries} entries before that were acknowledged)`, { cause: error })
}
