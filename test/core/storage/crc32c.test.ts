import { expect } from 'chai'
import fc from 'fast-check'
import { crc32c } from '../../../packages/core/src/storage/crc32c.ts'

/** The definition, bit by bit. */
function slowCrc32c (bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('crc32c', () => {
  it('gives the sums of RFC 3720, appendix B.4, and the check value of the catalogue', () => {
    const counting = Array.from({ length: 32 }, (_, index) => index)
    const readCommand = '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' + '0200000000000000'
    expect([
      crc32c(new Uint8Array(32)),
      crc32c(new Uint8Array(32).fill(0xff)),
      crc32c(Uint8Array.from(counting)),
      crc32c(Uint8Array.from(counting).reverse()),
      crc32c(Buffer.from(readCommand, 'hex')),
      crc32c(Buffer.from('123456789')),
      crc32c(new Uint8Array())
    ]).to.deep.equal([0x8a9136aa, 0x62a8ab43, 0x46dd794e, 0x113fdb5c, 0xd9963a56, 0xe3069283, 0])
  })

  it('is what the definition gives, for any bytes at any place in memory', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, skipped) => {
      expect(crc32c(bytes.subarray(skipped))).to.equal(slowCrc32c(bytes.slice(skipped)))
    }))
  })
})
