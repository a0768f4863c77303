import type { ProtectedHeader } from './envelope-header/header-format.ts'
import { throwHeaderProblem } from './envelope-header/header-problem.ts'
import { CanonicalReader } from './envelope-header/header-reader.ts'
import { writeHeader } from './envelope-header/header-writer.ts'

export type { ProtectedHeader } from './envelope-header/header-format.ts'

/**
 * The bytes of a protected header: deterministic CBOR (RFC 8949, section 4.2.1), in which the order of the fields follows
 * from their names. Written by hand, because it is done for every envelope.
 */
export function encodeProtected (header: ProtectedHeader): Uint8Array {
  return writeHeader(header)
}

/**
 * Reads the bytes that `encodeProtected` writes, and nothing else.
 *
 * @throws MeshError `MESH_ENVELOPE_INVALID` with the reason.
 */
export function decodeProtected (bytes: Uint8Array): ProtectedHeader {
  return new CanonicalReader(bytes).read() ?? throwHeaderProblem(bytes)
}
