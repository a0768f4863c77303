import { expect } from 'chai'
import type { Address } from '@akshi/core'
import { AddressWatch } from '../../packages/plugin-http/src/address-watch.ts'
import { TestNode } from './fixture.ts'
import { VirtualClock } from './virtual-clock.ts'

/** The longest that it may take to notice. */
const limitMs = 3_000
const [lan, wifi, tunnel] = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((host) => ({ host, port: 3210 })) as [Address, Address, Address]

/** A watch of addresses that a test changes; `changes` is when it noticed. */
function watched (...first: readonly Address[]) {
  const clock = new VirtualClock()
  const changes: number[] = []
  const state = { addresses: first as readonly Address[] }
  const watch = new AddressWatch(clock, () => state.addresses, () => { changes.push(clock.now()) })
  return { clock, changes, watch, state }
}

describe('AddressWatch', () => {
  it('says nothing while the addresses stay, in whatever order the system lists them', async () => {
    const { clock, changes, watch, state } = watched(lan, wifi, tunnel)
    watch.start()
    await clock.advance(10 * limitMs)
    state.addresses = [tunnel, lan, wifi]
    await clock.advance(10 * limitMs)
    expect(changes).to.deep.equal([])
    watch.stop()
  })

  it('says once, within three seconds, that one came, went, or changed its port', async () => {
    const { clock, changes, watch, state } = watched(lan)
    watch.start()
    const noticed: boolean[] = []
    for (const addresses of [[lan, wifi], [wifi], [{ ...wifi, port: 1 }], []]) {
      await clock.advance(10 * limitMs + 1)
      state.addresses = addresses
      const changedAt = clock.now()
      await clock.advance(10 * limitMs)
      noticed.push(changes.splice(0).map((at) => at - changedAt <= limitMs).join() === 'true')
    }
    expect(noticed).to.deep.equal([true, true, true, true])
    watch.stop()
  })

  it('begins with what is there when it starts', async () => {
    const { clock, changes, watch, state } = watched()
    state.addresses = [lan]
    watch.start()
    await clock.advance(limitMs)
    expect(changes).to.deep.equal([])
    watch.stop()
  })

  it('says nothing once it is stopped, by whoever hears it too, and leaves no timer', async () => {
    const { clock, changes, watch, state } = watched(lan)
    watch.start()
    state.addresses = [wifi]
    watch.stop()
    await clock.advance(10 * limitMs)
    expect([changes, clock.pending]).to.deep.equal([[], 0])
    const hearing: AddressWatch = new AddressWatch(clock, () => [{ ...lan, port: clock.now() }], () => { changes.push(clock.now()); hearing.stop() })
    hearing.start()
    await clock.advance(10 * limitMs)
    expect([changes.length, clock.pending]).to.deep.equal([1, 0])
  })

  it('is a part of the transport: it looks while that runs, and not after', async () => {
    const clock = new VirtualClock()
    const node = await new TestNode({ clock }).start()
    const running = clock.pending
    const before = node.refreshed
    await clock.advance(10 * limitMs)
    const after = node.refreshed
    await node.stop()
    expect([running, before, after, clock.pending]).to.deep.equal([1, 1, 1, 0])
  })
})
