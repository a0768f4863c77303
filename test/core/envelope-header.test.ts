import { expect } from 'chai'
import fc from 'fast-check'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { decodeProtected, encodeProtected } from '../../packages/core/src/envelope-header.ts'
import type { EnvelopeHeader } from '../../packages/core/src/envelope.ts'
import { isMeshError } from '../../packages/core/src/errors.ts'
import { byteString, header } from './arbitraries.ts'

/** What a library for CBOR makes of the same. */
function encodedByLibrary (kid: Uint8Array, { kind, ...fields }: EnvelopeHeader): Uint8Array {
  const present = Object.entries({ v: 1, kind, ...fields }).filter(([, value]) => value !== undefined)
  return encodeCbor(new Map<number, unknown>([[1, -8], [3, kind === 'journal' ? 42 : 60], [4, kid], [-65537, new Map(present)]]))
}

function decoded (bytes: Uint8Array): ReturnType<typeof decodeProtected> | undefined {
  try {
    return decodeProtected(bytes)
  } catch (error) {
    if (!isMeshError(error, 'MESH_ENVELOPE_INVALID')) throw error
    return undefined
  }
}

describe('the protected header of an envelope', () => {
  it('is written as a library for deterministic CBOR writes it, and read back', () => {
    fc.assert(fc.property(byteString(32), header, (kid, header) => {
      const bytes = encodeProtected({ kid, header })
      expect(bytes).to.deep.equal(new Uint8Array(encodedByLibrary(kid, header)))
      expect(decodeProtected(bytes)).to.deep.equal({ kid, header })
    }))
  })

  it('has one form: whatever is read is written with the same bytes', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 3 }), insert: fc.uint8Array({ maxLength: 3 }) })
    let read = 0
    fc.assert(fc.property(byteString(32), header, fc.array(edit, { minLength: 1, maxLength: 2 }), (kid, header, edits) => {
      let bytes = encodeProtected({ kid, header })
      for (const { at, remove, insert } of edits) {
        const place = at % bytes.length
        bytes = Uint8Array.of(...bytes.subarray(0, place), ...insert, ...bytes.subarray(place + remove))
      }
      const result = decoded(bytes)
      if (result === undefined) return
      read++
      expect(encodeProtected(result)).to.deep.equal(bytes)
    }), { numRuns: 2_000 })
    expect(read).to.be.greaterThan(0)
  })

  it('holds nothing of the bytes that it was read from', () => {
    fc.assert(fc.property(byteString(32), header, (kid, header) => {
      const bytes = encodeProtected({ kid, header })
      const { header: kept } = decodeProtected(Buffer.from(bytes.buffer))
      bytes.fill(0)
      expect(kept).to.deep.equal(header)
    }))
  })
})
