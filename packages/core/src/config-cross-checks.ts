import { parseDid } from './did.ts'
import { describeError } from './errors.ts'
import type { Problem } from './config-problems.ts'
import { isTable, keyPath, valueAt } from './config-tree.ts'

/** What a schema cannot say: peers' DIDs are real ones, and no peer, name of one, or agent is listed twice. */
export function findCrossProblems (config: unknown, written: ReadonlyMap<string, string>): readonly Problem[] {
  const dids = listTexts(config, 'mesh.peers', 'node_did')
  return [
    ...dids.flatMap((did) => findDidProblem(did, written)),
    ...findRepeats(dids),
    ...findRepeats(listTexts(config, 'mesh.peers', 'name')),
    ...findRepeats(listTexts(config, 'agents', 'name'))
  ]
}

interface Text { readonly path: string, readonly text: string }

/** The texts at one key of each table of an array; what is no text is the schema's business. */
function listTexts (config: unknown, path: string, key: string): readonly Text[] {
  const items = valueAt(config, path)
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown, index) => {
    const text = isTable(item) ? item[key] : undefined
    return typeof text === 'string' ? [{ path: keyPath(keyPath(path, index), key), text }] : []
  })
}

function findDidProblem ({ path, text }: Text, written: ReadonlyMap<string, string>): readonly Problem[] {
  try {
    parseDid(text)
    return []
  } catch (error) {
    const shown = written.get(path)
    const reason = shown === undefined ? describeError(error).replace(/^N/, 'n').replace(/\.$/, '') : `not a usable DID: ${JSON.stringify(shown)}`
    return [{ path, reason }]
  }
}

function findRepeats (texts: readonly Text[]): readonly Problem[] {
  const first = new Map<string, string>()
  return texts.flatMap(({ path, text }) => {
    const earlier = first.get(text)
    first.set(text, earlier ?? path)
    return earlier === undefined ? [] : [{ path, reason: `the same as ${earlier}; list it once` }]
  })
}
