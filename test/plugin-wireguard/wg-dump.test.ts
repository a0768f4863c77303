import { expect } from 'chai'
import { parseDump } from '../../packages/plugin-wireguard/src/wg-dump.ts'

/** As `wg show wg0 dump` of wireguard-tools 1.0.20210914 prints it; keys are made up. */
const recorded = [
  'GGH5iKNXp2a5Sm1hJ6X9b0hWvJbQmGSeYdM5zCr0LFk=\txTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\t51820\toff',
  'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\t(none)\t192.0.2.7:40001\tfd16:4662:f04b:e8b9:3c4a:f4de:b4c1:66d8/128\t1763800000\t3028\t4176\t25',
  'gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=\tFpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=\t[2001:db8::7]:51820\tfd62:e34f:64b6:0:de50:f7bb:a289:3658/128\t0\t0\t148\toff',
  'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=\t(none)\t[fe80::1%eth0]:51820\t(none)\t0\t0\t0\toff',
  'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\t(none)\t(none)\tfdde:a678:1d34:bb34:9ba2:d76:1c8d:9d50/128\t0\t0\t0\t1',
  ''
].join('\n')

describe('parseDump', () => {
  it('reads all that wg says of each peer, and not the private key', () => {
    const quiet = { keepaliveSecs: 0, rxBytes: 0, txBytes: 0 }
    expect(parseDump(recorded)).to.deep.equal([
      {
        publicKey: 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=',
        endpoint: { host: '192.0.2.7', port: 40_001 },
        keepaliveSecs: 25,
        address: 'fd16:4662:f04b:e8b9:3c4a:f4de:b4c1:66d8',
        lastHandshakeMs: 1_763_800_000_000,
        rxBytes: 3_028,
        txBytes: 4_176
      },
      { ...quiet, publicKey: 'gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=', endpoint: { host: '2001:db8::7', port: 51_820 }, address: 'fd62:e34f:64b6:0:de50:f7bb:a289:3658', txBytes: 148 },
      { ...quiet, publicKey: 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=', endpoint: { host: 'fe80::1%eth0', port: 51_820 }, address: '' },
      { ...quiet, publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', address: 'fdde:a678:1d34:bb34:9ba2:d76:1c8d:9d50', keepaliveSecs: 1 }
    ])
  })

  it('finds no peers where there are none', () => {
    expect([parseDump(''), parseDump(recorded.split('\n')[0] ?? '')]).to.deep.equal([[], []])
  })
})
