import { expect } from 'chai'
import { parseBootstrap, parseExternal } from '../../packages/plugin-dht/src/bootstrap-address.ts'
import { codeOf } from '../support/failures.ts'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

describe('bootstrap-address', () => {
  it('reads what operators have at hand', () => {
    const read = (text: string) => { const { host, port, who } = parseBootstrap(text); return [host, port, who] }
    expect(read('dht.example.org:4211')).to.deep.equal(['dht.example.org', 4211, undefined])
    expect(read('203.0.113.7:4211')).to.deep.equal(['203.0.113.7', 4211, undefined])
    expect(read('[2001:db8::1]:4211')).to.deep.equal(['2001:db8::1', 4211, undefined])
    expect(read(`${did}@203.0.113.7:4211`)).to.deep.equal(['203.0.113.7', 4211, did])
    expect(read('/ip4/203.0.113.7/tcp/4211')).to.deep.equal(['203.0.113.7', 4211, undefined])
    expect(read('/dns4/dht.example.org/tcp/4211/p2p/12D3KooWDqnQesRvrNak3fVkvm2vzsmFRDtazMarLVUzWjtekV7g')).to.deep.equal(['dht.example.org', 4211, '12D3KooWDqnQesRvrNak3fVkvm2vzsmFRDtazMarLVUzWjtekV7g'])
  })

  it('refuses everything else', async () => {
    for (const text of ['', 'host', 'host:0', 'host:70000', ':4211', 'a b:1', 'nobody@host:1', '/ip4/1.2.3.4', '/ip4/1.2.3.4/udp/1', '2001:db8::1:4211']) {
      expect(await codeOf(() => parseBootstrap(text)), text).to.equal('MESH_CONFIG_INVALID')
    }
  })

  it('takes an IP address and nothing else as the external one', async () => {
    expect([parseExternal(''), parseExternal('203.0.113.7:4211')]).to.deep.equal([undefined, { host: '203.0.113.7', port: 4211 }])
    expect(await codeOf(() => parseExternal('example.org:4211'))).to.equal('MESH_CONFIG_INVALID')
  })
})
