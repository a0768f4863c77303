import type { EntryView, NewEntry } from '../control.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import { isEntryId, readEntryId } from './hybrid-clock.ts'

/** The largest entry, in bytes of its JSON. */
export const maxEntryBytes = 256 * 1024
const maxKindLength = 64

/** An entry checked and in the form in which it waits to be written. */
export interface PreparedEntry {
  readonly kind: string
  /** The body's JSON. */
  readonly body: string
}

/**
 * Checks an entry before anything is written.
 *
 * @throws MeshError `MESH_ENTRY_INVALID` when the body is not a JSON value or the kind is not a short text,
 * `MESH_ENTRY_TOO_LARGE`.
 */
export function prepareEntry ({ kind = 'note', body }: NewEntry): PreparedEntry {
  if (typeof kind !== 'string' || kind === '' || kind.length > maxKindLength) {
    throw new MeshError('MESH_ENTRY_INVALID', `An entry's kind must be a text of 1 to ${maxKindLength} characters.`)
  }
  const json = toJson(body)
  if (Buffer.byteLength(json) > maxEntryBytes) {
    throw new MeshError('MESH_ENTRY_TOO_LARGE', `The entry has ${Buffer.byteLength(json)} bytes; the most is ${maxEntryBytes}. Store it elsewhere and journal a reference.`)
  }
  return { kind, body: json }
}

/** The text that goes into the document. */
export function entryText (id: string, { kind, body }: PreparedEntry): string {
  return `{"id":"${id}","kind":${JSON.stringify(kind)},"body":${body}}`
}

/** The id in an entry's text, which stands at its start. */
export function idOfText (text: string): string {
  return text.slice(7, 33)
}

/** An entry as it is read; `undefined` when the text is not one (its origin writes by other rules). */
export function readEntry (text: string, origin: Did): EntryView | undefined {
  const value = parse(text)
  if (typeof value !== 'object' || value === null || !('id' in value) || !('kind' in value) || !('body' in value)) return undefined
  const { id, kind, body } = value
  if (!isEntryId(id) || typeof kind !== 'string') return undefined
  return { id, at: new Date(readEntryId(id).millis).toISOString(), origin, kind, body }
}

function toJson (body: unknown): string {
  try {
    const json = JSON.stringify(body, bytesAsBase64)
    if (json !== undefined) return json
  } catch (cause) {
    throw new MeshError('MESH_ENTRY_INVALID', 'The entry is not a JSON value (a cycle or a bigint?).', { cause })
  }
  throw new MeshError('MESH_ENTRY_INVALID', `The entry is ${typeof body}, not a JSON value.`)
}

/** Bytes have no form in JSON: they become `{ "$base64": "..." }` (RFC 4648, section 4). */
function bytesAsBase64 (this: unknown, key: string, value: unknown): unknown {
  const given = (this as Readonly<Record<string, unknown>>)[key]            // before a Buffer's own toJSON
  return given instanceof Uint8Array ? { $base64: Buffer.from(given.buffer, given.byteOffset, given.length).toString('base64') } : value
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
