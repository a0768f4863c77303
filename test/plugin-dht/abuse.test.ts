import { createHash } from 'node:crypto'
import { createIdentity, type Did } from '@akshi/core'
import { expect } from 'chai'
import { signRecord } from '../../packages/plugin-dht/src/dht-record.ts'
import { DhtLab, type DhtNode } from './support/dht-lab.ts'
import { EvilNode } from './support/evil-node.ts'

const record = (identity: DhtNode['identity'], seq: number, content: Uint8Array = Buffer.from('x')) => signRecord(identity, { seq, issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000, content }).bytes
const reasonOf = async (node: DhtNode, did: Did) => (await node.discovery.lookup(did)).reason
const addressesOf = async (node: DhtNode, did: Did) => (await node.discovery.lookup(did)).addresses

describe('a DHT with a node that keeps to no rule', function () {
  this.timeout(90_000)

  it('keeps no record that is forged, of another key, oversized, expired or of another kind', async () => {
    await using lab = new DhtLab()
    const [first] = await lab.mesh(4) as [DhtNode]
    await using evil = await EvilNode.join(first)
    const victim = createIdentity()
    const good = record(victim, 1)
    while (await evil.put(victim.did, good) <= 2);                  // until it knows them all
    const forged = Uint8Array.from(record(victim, 2)).fill(1, -8)
    const late = signRecord(victim, { seq: 3, issuedAt: Date.now() - 2_000, expiresAt: Date.now() - 1_000, content: new Uint8Array() }).bytes
    for (const [what, bytes] of Object.entries({ forged, late, ofAnother: record(evil.identity, 9), oversized: new Uint8Array(100_000), nonsense: Buffer.from('nonsense') })) {
      expect(await evil.put(victim.did, bytes), what).to.equal(0)
    }
    expect(await reasonOf(first, victim.did)).to.equal('its record is of another mesh')
  })

  it('takes no older record in the place of a newer one', async () => {
    await using lab = new DhtLab()
    const [first, second] = await lab.mesh(5) as [DhtNode, DhtNode]
    await using evil = await EvilNode.join(first)
    const victim = createIdentity()
    const [older, newer] = [record(victim, 1), record(victim, 2, new Uint8Array())]
    while (await evil.put(victim.did, older) <= 3);                 // until it knows them all
    expect(await reasonOf(second, victim.did)).to.equal('its record is of another mesh')
    expect(await evil.put(victim.did, newer)).to.be.greaterThan(3)
    expect(await evil.put(victim.did, older), 'taken again').to.equal(0)
    expect(await reasonOf(second, victim.did)).to.equal('it has left')
  })

  it('is not fooled by one that serves old records', async () => {
    await using lab = new DhtLab()
    const nodes = await lab.mesh(6)
    const [first, second] = nodes as [DhtNode, DhtNode]
    await using evil = await EvilNode.join(first)
    const victim = createIdentity()
    const older = record(victim, 1)
    await evil.put(victim.did, record(victim, 2, new Uint8Array()))
    evil.serve(victim.did, older)
    for (const node of nodes) expect(await reasonOf(node, victim.did)).to.equal('it has left')
    expect(await reasonOf(second, victim.did)).to.equal('it has left')
  })

  it('still finds everybody after a flood of keys, which displaces few', async () => {
    await using lab = new DhtLab()
    const nodes = await lab.mesh(5, { maxRecords: 64 })
    const [first, second] = nodes as [DhtNode, DhtNode]
    await using evil = await EvilNode.join(first)
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let index = 0; index < 20; index++) {
        const identity = createIdentity()
        await evil.put(identity.did, record(identity, 1, new Uint8Array(2_000))).catch(() => {})
      }
    }))
    await Promise.all(Array.from({ length: 40 }, (_, index) => evil.provide(createHash('sha256').update(String(index)).digest()).catch(() => {})))
    for (const { discovery } of nodes) {
      const { records = 0, listings = 0 } = discovery.status()
      expect(records).to.be.within(40, 64)
      expect(listings).to.be.at.most(64)
    }
    expect((await addressesOf(second, first.did)).length).to.equal(1)
    const late = await lab.node({ through: [second] })
    await late.until(() => late.found.size >= 5, 'a late joiner finds all')
  })

  it('tells nobody anything who is of no mesh, and notes nothing of them', async () => {
    await using lab = new DhtLab()
    const [first, second] = await lab.mesh(2) as [DhtNode, DhtNode]
    await using evil = await EvilNode.join(first)
    const answers = []
    for (const bytes of [new Uint8Array(), Buffer.from('hello'), record(evil.identity, 1), record(second.identity, 1)]) answers.push((await evil.greet(first, bytes)).length)
    expect(answers).to.deep.equal([0, 0, 0, 0])
    expect(first.discovery.members().map(({ did }) => did)).to.deep.equal([second.did])
  })

  it('reports no addresses that the policy does not allow', async () => {
    await using lab = new DhtLab()
    const first = await lab.node()
    const liar = await lab.node({ through: [first] })
    await liar.announce([{ host: '169.254.169.254', port: 3_210 }, { host: '127.0.0.1', port: 22 }, { host: '10.0.0.1', port: 3_210 }, { host: 'metadata.internal', port: 3_210 }, { host: '127.0.0.1', port: 4_444 }])
    await first.until(() => first.heard.some(({ addresses }) => addresses.some(({ port }) => port === 4_444)), 'a report')
    expect(first.heard.flatMap(({ addresses }) => addresses).filter(({ host, port }) => host !== '127.0.0.1' || port < 1_024)).to.deep.equal([])
  })
})
