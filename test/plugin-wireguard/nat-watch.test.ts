import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { NatWatch } from '../../packages/plugin-wireguard/src/nat-watch.ts'

const seen = (port: number, also = port) => [{ by: 'fd00::1', at: { host: '203.0.113.11', port }, also: { host: '203.0.113.11', port: also } }]

function makeWatch () {
  const clock = new VirtualClock()
  let changes = 0
  const watch = new NatWatch({ clock, isOwn: () => false, changed: () => { changes++ } })
  return { clock, watch, changes: () => changes }
}

describe('NatWatch', () => {
  it('tells once when what others want to know has changed, and not of what says nothing', () => {
    const { watch, changes } = makeWatch()
    const [{ by, at }] = seen(1) as [ReturnType<typeof seen>[0] & object]
    const told = [[{ by, at }], seen(1), seen(1), seen(1, 2)].map((sightings) => {
      watch.look(sightings, true, () => false)
      return [watch.kind, changes()]
    })
    expect(told).to.deep.equal([['nat', 0], ['cone', 1], ['cone', 1], ['symmetric', 2]])
  })

  it('takes UDP for blocked when no tunnel comes up for 8 s to one who answers otherwise', async () => {
    const { clock, watch } = makeWatch()
    const kinds: string[] = []
    for (const [waitMs, isCalled] of [[0, true], [7_900, true], [200, false], [0, true]] as const) {
      await clock.advance(waitMs)
      watch.look([], false, () => isCalled)
      kinds.push(watch.kind)
    }
    expect(kinds).to.deep.equal(['unknown', 'unknown', 'unknown', 'blocked'])
  })

  it('keeps that while it lasts, and what it knew while tunnels work and nobody says anything new', async () => {
    const { clock, watch } = makeWatch()
    watch.look([], false, () => true)
    await clock.advance(8_100)
    const kinds = [[[], false, true], [[], false, false], [seen(1), true, false], [[], true, false], [[], false, false]].map(([sightings, isUp, isCalled]) => {
      watch.look(sightings as never, isUp as boolean, () => isCalled as boolean)
      return watch.kind
    })
    expect(kinds).to.deep.equal(['blocked', 'blocked', 'cone', 'cone', 'unknown'])
  })
})
