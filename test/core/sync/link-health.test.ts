import { expect } from 'chai'
import { seededRandom, VirtualClock } from '@akshi/testkit'
import { MeshError } from '../../../packages/core/src/errors.ts'
import { LinkHealth } from '../../../packages/core/src/sync/link-health.ts'

const lost = new Error('lost')
const refused = new Error('connection refused')
const start = Date.UTC(2025, 0, 1)
const at = (ms: number) => new Date(start + ms).toISOString()

/** Waits are as long as chance may make them. */
function make () {
  const clock = new VirtualClock()
  const health = new LinkHealth({ transport: 'memory', clock, random: { ...seededRandom(), uniform: () => 1 } })
  return { clock, health, state: () => [health.status.state, health.status.reason] }
}

describe('LinkHealth', () => {
  it('begins as connecting, and is down at the first failure of one that never worked', () => {
    const { health, state } = make()
    expect(health.status).to.deep.equal({ transport: 'memory', state: 'connecting', reason: 'not dialled yet', since: at(0) })
    health.failed(refused)
    expect([state(), health.failures, health.lostAt]).to.deep.equal([['down', 'connection refused'], 1, undefined])
  })

  it('is suspect for two failures of a link that worked, down at the third, and up at the first success', () => {
    const { health } = make()
    health.works()
    const states = [refused, lost, refused, lost].map((error) => {
      health.failed(error)
      return [health.status.state, health.status.reason]
    })
    expect(states).to.deep.equal([['suspect', 'connection refused'], ['suspect', 'lost'], ['down', 'connection refused'], ['down', 'lost']])
    health.works()
    expect([health.status.state, health.status.reason, health.failures]).to.deep.equal(['up', 'it works', 0])
    health.failed(lost)
    expect(health.status.state).to.equal('suspect')
  })

  it('is down at once, from up or suspect, when another node answers or it does not trust this one', () => {
    const states = (['MESH_PEER_MISMATCH', 'MESH_NOT_TRUSTED', 'MESH_PEER_UNREACHABLE'] as const).flatMap((code) => [[], [lost]].map((before) => {
      const { health } = make()
      health.works()
      for (const error of [...before, new MeshError(code, 'no')]) health.failed(error)
      return health.status.state
    }))
    expect(states).to.deep.equal(['down', 'down', 'down', 'down', 'suspect', 'suspect'])
  })

  it('is down with its reason, and no suspicion, when the other end says goodbye, which is no failure and is tried half a minute later', async () => {
    const { health, state, clock } = make()
    health.works()
    await clock.advance(5_000)
    expect([health.left(), state(), health.failures, health.lostAt]).to.deep.equal([30_000, ['down', 'it said goodbye'], 0, 5_000])
    health.failed(refused)
    expect([state(), health.lostAt]).to.deep.equal([['down', 'connection refused'], 5_000])
  })

  it('says since when it is in its state, whatever the reason is by now', async () => {
    const { health, clock } = make()
    const sinces: unknown[] = []
    for (const step of [() => health.works(), () => health.works(), () => health.failed(lost), () => health.failed(refused), () => health.failed(lost), () => health.failed(refused), () => health.left(), () => health.works()]) {
      await clock.advance(1_000)
      step()
      sinces.push([health.status.state, health.status.since])
    }
    expect(sinces).to.deep.equal([
      ['up', at(1_000)], ['up', at(1_000)], ['suspect', at(3_000)], ['suspect', at(3_000)], ['down', at(5_000)], ['down', at(5_000)], ['down', at(5_000)], ['up', at(8_000)]
    ])
  })

  it('knows when it last stopped working, whatever fails after that', async () => {
    const { health, clock } = make()
    const losses: unknown[] = []
    for (const step of [() => health.works(), () => health.failed(lost), () => health.failed(lost), () => health.failed(lost), () => health.works(), () => health.failed(lost), () => health.left()]) {
      await clock.advance(1_000)
      step()
      losses.push(health.lostAt)
    }
    expect(losses).to.deep.equal([undefined, 2_000, 2_000, 2_000, 2_000, 6_000, 6_000])
  })

  it('knows when the other end last gave a sign of life, by an answer or otherwise, which alone makes nothing up', async () => {
    const { health, clock } = make()
    const before = health.heardAt
    await clock.advance(1_000)
    health.failed(lost)
    const failed = health.heardAt
    health.called()
    await clock.advance(1_000)
    expect([before, failed, health.heardAt, health.status.state]).to.deep.equal([undefined, undefined, 1_000, 'down'])
    health.works()
    expect(health.heardAt).to.equal(2_000)
  })

  it('has twice the patience after each failure, up to four times, until it works', () => {
    const { health } = make()
    const patience = [health.patience, ...Array.from({ length: 6 }, () => { health.failed(lost); return health.patience })]
    health.works()
    expect([patience, health.patience]).to.deep.equal([[1, 2, 4, 4, 4, 4, 4], 1])
  })

  it('lets the waits grow with the failures, then with how long it has been gone: since it stopped working, or since the start', async () => {
    const worked = make()
    worked.health.works()
    await worked.clock.advance(500_000)
    const waits = [lost, lost, lost, lost].map((error) => worked.health.failed(error))
    await worked.clock.advance(160_000)
    const later = worked.health.failed(lost)
    await worked.clock.advance(1_000_000)
    const never = make()
    await never.clock.advance(160_000)
    expect([waits, later, worked.health.failed(lost), never.health.failed(lost)]).to.deep.equal([[250, 500, 1_000, 1_000], 10_000, 30_000, 10_000])
  })
})
