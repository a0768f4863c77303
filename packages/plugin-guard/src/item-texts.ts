import { inflateDocument, isSnapshot, parseSnapshot, peekEnvelope } from '@akshi/core'

/** How an entry begins in a change, byte for byte (docs/protocol.md, Entries). */
const entryStart = '{"id":"'
const minRun = 6

/**
 * What an item of this node's own says: the entries of a log, parsed, or the texts of a change of a state. Entries stand in a change one after the
 * other; texts of a state have no border there, so that two that are written at once may be read as one.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID`.
 */
export async function readItem (bytes: Uint8Array, meshId: string): Promise<readonly unknown[]> {
  if (isSnapshot(bytes)) return entriesIn(await inflateDocument(parseSnapshot(bytes, meshId)))
  const { header, payload } = peekEnvelope(bytes, meshId)
  return header.kind === 'journal' && header.part === 'log' ? entriesIn(payload) : textsIn(payload)
}

function entriesIn (payload: Uint8Array): unknown[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString()
  const entries: unknown[] = []
  for (let start = text.indexOf(entryStart); start >= 0 && text.startsWith(entryStart, start);) {
    const end = endOfObject(text, start)
    entries.push(parse(text.slice(start, end)))
    start = end
  }
  return entries
}

/** Where the JSON object that starts at `start` ends. */
function endOfObject (text: string, start: number): number {
  const token = /[{}[\]]|"(?:[^"\\]|\\.)*"/gs
  token.lastIndex = start
  let depth = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '{' || match[0] === '[') depth++
    else if ((match[0] === '}' || match[0] === ']') && --depth === 0) return token.lastIndex
  }
  return text.length
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text                                     // it is looked at as it is
  }
}

function textsIn (payload: Uint8Array): string[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString()
  // eslint-disable-next-line no-control-regex -- what is no text is told by them
  return text.split(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]+/).filter(({ length }) => length >= minRun)
}
