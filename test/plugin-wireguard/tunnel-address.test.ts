import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { expect } from 'chai'
import { createTunnelKey, tunnelAddress, tunnelKeyFromPrivate, wgKeyBytes, type WgKey } from '@akshi/plugin-wireguard'

const littleEndian = (number: number) => {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32LE(number)
  return bytes.toString('base64') as WgKey
}

describe('tunnelAddress', () => {
  it('is the address of docs/wireguard.md, as RFC 5952 writes it', () => {
    const bob = tunnelKeyFromPrivate(Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex'))
    expect([bob.publicKey, littleEndian(1), littleEndian(2128)].map(tunnelAddress)).to.deep.equal([
      'fd16:4662:f04b:e8b9:3c4a:f4de:b4c1:66d8',
      'fdde:a678:1d34:bb34:9ba2:d76:1c8d:9d50',
      'fd62:e34f:64b6:0:de50:f7bb:a289:3658'
    ])
  })

  it('has fd and 120 bits of the hash, and nothing else, for any key', () => {
    for (let round = 0; round < 200; round++) {
      const { publicKey } = createTunnelKey()
      const address = tunnelAddress(publicKey)
      const hash = createHash('sha256').update('akshi-mesh/tunnel/v1').update(wgKeyBytes(publicKey)).digest('hex')
      expect([isIPv6(address), address.split(':').map((group) => group.padStart(4, '0')).join('')]).to.deep.equal([true, `fd${hash.slice(0, 30)}`])
    }
  })
})
