import { expect } from 'chai'
import { publishedPart } from '../../packages/plugin-dht/src/published-part.ts'
import { AddressPolicy } from '../../packages/plugin-dht/src/address-policy.ts'
import { DhtNode } from './support/dht-lab.ts'

const policy = new AddressPolicy({ privateToo: false, loopbackToo: false, ports: ['1024-65535'] })
const node = new DhtNode()
const { announcement } = node.sign([{ host: '203.0.113.7', port: 3_210 }, { host: '198.51.100.1', port: 3_210 }, { host: '192.168.1.2', port: 3_210 }, { host: 'host.lan', port: 3_210 }], {
  name: 'the laptop of somebody', capabilities: ['journal', 'http', 'wireguard'], agents: ['planner', 'payroll'], extra: { wireguard: { port: 1 }, other: 1 }
})
const part = (rules: Partial<Parameters<typeof publishedPart>[1]>) => publishedPart(announcement, { addresses: ['*'], capabilities: ['*'], agents: [], ...rules }, policy)

describe('publishedPart', () => {
  it('has no private address, no agent and no name unless the operator says so', () => {
    const { addresses, agents, name, capabilities, extra } = part({})
    expect({ addresses, agents, capabilities, extra }).to.deep.equal({
      addresses: [{ host: '203.0.113.7', port: 3_210 }, { host: '198.51.100.1', port: 3_210 }], agents: [], capabilities: ['journal', 'http', 'wireguard'], extra: { wireguard: { port: 1 } }
    })
    expect(name).to.equal(`z6Mk…${node.did.slice(-8)}`)
  })

  it('has what is named and no more', () => {
    const { addresses, agents, capabilities, extra } = part({ addresses: ['198.51.100.1'], agents: ['planner', 'absent'], capabilities: ['journal'] })
    expect({ addresses, agents, capabilities, extra }).to.deep.equal({ addresses: [{ host: '198.51.100.1', port: 3_210 }], agents: ['planner'], capabilities: ['journal'], extra: {} })
  })

  it('has all agents for a star', () => {
    expect(part({ agents: ['*'] }).agents).to.deep.equal(['planner', 'payroll'])
  })
})
