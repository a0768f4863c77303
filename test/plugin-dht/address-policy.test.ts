import { expect } from 'chai'
import { AddressPolicy, nowhere } from '../../packages/plugin-dht/src/address-policy.ts'

const ports = ['443', '1024-65535']
const inTheWide = new AddressPolicy({ privateToo: false, loopbackToo: false, ports })
const within = new AddressPolicy({ privateToo: true, loopbackToo: false, ports })
const onOneMachine = new AddressPolicy({ privateToo: false, loopbackToo: true, ports })
const allowed = (policy: AddressPolicy, hosts: readonly string[]) => hosts.filter((host) => policy.allows({ host, port: 3_210 }))

const open = ['8.8.8.8', '203.0.113.9', '2606:4700::1111']
const closed = ['10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fd12::1', '::ffff:10.1.2.3', '::ffff:a01:203']
const loopback = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']
const never = ['0.0.0.0', '169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'fd00:ec2::254', '100.100.100.200', '224.0.0.251', '255.255.255.255', 'ff02::fb', '::', '64:ff9b::7f00:1', 'example.org', 'localhost', '']

describe('AddressPolicy', () => {
  it('allows addresses of the wide area, and what else the operator says', () => {
    const all = [...open, ...closed, ...loopback, ...never]
    expect(allowed(inTheWide, all)).to.deep.equal(open)
    expect(allowed(within, all)).to.deep.equal([...open, ...closed])
    expect(allowed(onOneMachine, all)).to.deep.equal([...open, ...loopback])
  })

  it('allows the ports of the policy only', () => {
    const at = [22, 25, 80, 443, 1_023, 1_024, 65_535].filter((port) => inTheWide.allows({ host: '8.8.8.8', port }))
    expect(at).to.deep.equal([443, 1_024, 65_535])
  })

  it('never allows the address that stands for none', () => {
    expect(new AddressPolicy({ privateToo: true, loopbackToo: true, ports: ['1-65535'] }).allows(nowhere)).to.equal(false)
  })
})
