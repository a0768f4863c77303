import { VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { Checks, createIdentity, type Finding, type NodeStatus, type Notice, type PeerStatus, type Transport } from '@akshi/core'
import { addNodeChecks } from '../../packages/core/src/node-checks.ts'

const { did } = createIdentity()
const carried = { transport: 'fs', reason: 'no link works' }
const beta: PeerStatus = { did, name: 'beta', trust: 'trusted', trustReason: 'approved by the operator', sources: [], addresses: [], health: 'unknown', via: { transport: null, reason: 'no address' } }

interface Given {
  readonly peers?: readonly PeerStatus[]
  readonly notices?: readonly Notice[]
  readonly tried?: boolean
  readonly decision?: 'untrusted'
  readonly reaches?: readonly Transport['reach'][]
}

async function find ({ peers = [], notices = [], tried = false, decision, reaches = ['peer', 'shared'] }: Given): Promise<readonly Finding[]> {
  const checks = new Checks(new VirtualClock())
  addNodeChecks(checks, {
    control: { peers: () => peers, status: () => ({ notices, shared: [] as NodeStatus['shared'] }) as NodeStatus, why: () => ({ peer: beta, verdict: '', tries: tried ? [{ address: { host: '::1', port: 1 }, source: 'mdns', result: 'failed' }] : [] }) },
    trust: { get: () => decision },
    transports: new Map(reaches.map((reach) => [reach, { reach } as Transport]))
  })
  return await checks.run()
}

describe('the checks of core', () => {
  const pending: PeerStatus = { ...beta, trust: 'pending', sources: ['mdns'], addresses: [{ host: '::1', port: 1 }] }

  it('find nothing in a node with nobody around', async () => {
    expect(await find({})).to.deep.equal([])
  })

  it('warn of a node that waits for trust while nobody is trusted, and note it otherwise', async () => {
    const message = 'beta was seen (mdns) and gets nothing until it is trusted'
    const met = { ...beta, name: 'alpha', seenAt: '2026-01-01T00:00:00.000Z' }
    expect(await find({ peers: [pending] })).to.deep.equal([{ topic: 'trust', level: 'warning', message, fix: `akshi trust ${did}` }])
    expect(await find({ peers: [pending, met] })).to.deep.equal([{ topic: 'trust', level: 'note', message, fix: `akshi trust ${did}` }])
  })

  it('do not ask to trust whom the operator has untrusted', async () => {
    expect(await find({ peers: [pending], decision: 'untrusted' })).to.deep.equal([])
  })

  it('name a few of many strangers', async () => {
    const found = await find({ peers: Array.from({ length: 1_000 }, () => pending) })
    expect([found.length, found.at(-1)]).to.deep.equal([6, { topic: 'trust', level: 'note', message: '995 more were seen and are not trusted: akshi peers' }])
  })

  it('tell of a trusted peer that nobody knows the place of', async () => {
    const message = 'beta is trusted and was never met: no discovery has found it, and runtime.toml does not say where it is'
    expect(await find({ peers: [beta] })).to.deep.equal([{ topic: 'peers', level: 'warning', message, fix: 'on beta: akshi run' }])
    expect(await find({ peers: [{ ...beta, trustReason: 'listed in runtime.toml', via: carried }] })).to.deep.equal([
      { topic: 'peers', level: 'note', message: `${message}; fs carries envelopes meanwhile`, fix: 'endpoint = "HOST"  # below its node_did in runtime.toml' }
    ])
  })

  it('leave a peer to the transport that has an address, was met, or has said goodbye', async () => {
    expect(await find({ peers: [beta], tried: true })).to.deep.equal([])
    expect(await find({ peers: [{ ...beta, addresses: [{ host: '::1', port: 1 }] }, { ...beta, seenAt: '2026' }, { ...beta, health: 'left' }] })).to.deep.equal([])
  })

  it('tell which reach no transport has', async () => {
    const enable = (name: string) => `package = "@akshi/plugin-${name}"  # below a further [[plugins]] in runtime.toml`
    const met = { ...beta, seenAt: '2026' }
    expect(await find({ reaches: [] })).to.deep.equal([{ topic: 'transports', level: 'failure', message: 'no transport is loaded: nothing gets in or out', fix: enable('http') }])
    expect(await find({ reaches: ['shared'], peers: [met] })).to.deep.equal([
      { topic: 'transports', level: 'note', message: 'peers are trusted, but no transport that links to them is loaded: only what is shared carries envelopes', fix: enable('http') }
    ])
    expect(await find({ reaches: ['peer'], peers: [met] })).to.deep.equal([
      { topic: 'transports', level: 'note', message: 'no shared folder is loaded, which would carry envelopes while no link works', fix: enable('fs') }
    ])
    expect(await find({ reaches: ['peer'], peers: [{ ...met, via: carried }] })).to.deep.equal([])
  })

  it('repeat notices with their next step', async () => {
    const notice = (code: string, message: string, count = 1): Notice => ({ code, message, count, at: '2026', feed: { journal: 'notes', part: 'log', origin: did } })
    const found = await find({ notices: [notice('MESH_FEED_FORKED', 'twice'), notice('MESH_JOURNAL_DAMAGED', 'broken', 2), notice('MESH_DISK_FAILED', 'full.'), notice('MESH_ENVELOPE_INVALID', 'bad')] })
    expect(found.map(({ level, message, fix }) => [level, message.slice(0, 55), fix])).to.deep.equal([
      ['failure', 'full.', undefined],
      ['warning', 'twice. After a restored backup or a crash there is noth', undefined],
      ['warning', 'broken. (2 times)', 'akshi journal verify notes'],
      ['warning', 'bad.', undefined]
    ])
  })
})
