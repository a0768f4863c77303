import { expect } from 'chai'
import { MeshError, type Address } from '@akshi/core'
import { printAddress, raceAddresses } from '../../packages/plugin-http/src/address-race.ts'
import { settle, VirtualClock } from './virtual-clock.ts'

const addresses: readonly Address[] = [1, 2, 3].map((port) => ({ host: 'h', port }))

/** Attempts that a test settles by hand. */
class Field {
  readonly started: number[] = []
  readonly aborted: number[] = []
  readonly discarded: number[] = []
  readonly #settle = new Map<number, { resolve: (port: number) => void, reject: (error: unknown) => void }>()

  race (clock: VirtualClock, signal = new AbortController().signal, from = addresses): Promise<number> {
    return raceAddresses(from, {
      clock,
      signal,
      staggerMs: 250,
      discard: (port) => { this.discarded.push(port) },
      attempt: ({ port }, over) => {
        this.started.push(port)
        over.addEventListener('abort', () => this.aborted.push(port))
        return new Promise((resolve, reject) => this.#settle.set(port, { resolve, reject }))
      }
    })
  }

  win (port: number): void { this.#settle.get(port)?.resolve(port) }
  async fail (port: number, error: unknown): Promise<void> {
    this.#settle.get(port)?.reject(error)
    await settle()
  }
}

describe('raceAddresses', () => {
  const code = (promise: Promise<unknown>) => promise.then(() => 'resolved', (error: MeshError) => [error.code, error.message])

  it('starts the next address after the stagger, takes the first that connects and ends the others', async () => {
    const clock = new VirtualClock()
    const field = new Field()
    const winner = field.race(clock)
    await clock.advance(249)
    const before = [...field.started]
    await clock.advance(1)
    field.win(2)
    expect([before, await winner, field.started, field.aborted, clock.pending]).to.deep.equal([[1], 2, [1, 2], [1, 2], 0])
  })

  it('starts the next address at once when one fails', async () => {
    const clock = new VirtualClock()
    const field = new Field()
    const winner = field.race(clock)
    await field.fail(1, new Error('refused'))
    field.win(2)
    expect([await winner, field.started, clock.now()]).to.deep.equal([2, [1, 2], 0])
  })

  it('discards a connection that comes second', async () => {
    const clock = new VirtualClock()
    const field = new Field()
    const winner = field.race(clock)
    await clock.advance(250)
    field.win(1)
    field.win(2)
    await settle()
    expect([await winner, field.discarded]).to.deep.equal([1, [2]])
  })

  it('rejects with every address and its reason when all fail', async () => {
    const field = new Field()
    const outcome = code(field.race(new VirtualClock()))
    for (const port of [1, 2, 3]) await field.fail(port, new Error(`reason ${port}`))
    expect(await outcome).to.deep.equal(['MESH_PEER_UNREACHABLE', 'h:1: reason 1; h:2: reason 2; h:3: reason 3'])
  })

  it('says that another node answers when one did and none was right', async () => {
    const field = new Field()
    const outcome = code(field.race(new VirtualClock(), undefined, addresses.slice(0, 2)))
    await field.fail(1, new MeshError('MESH_PEER_MISMATCH', 'other'))
    await field.fail(2, new Error('refused'))
    expect((await outcome)[0]).to.equal('MESH_PEER_MISMATCH')
  })

  it('rejects without addresses', async () => {
    expect((await code(new Field().race(new VirtualClock(), undefined, [])))[0]).to.equal('MESH_PEER_UNREACHABLE')
  })

  it('rejects with the reason of an abort, ends its attempts and leaves no timer', async () => {
    const clock = new VirtualClock()
    const field = new Field()
    const controller = new AbortController()
    const outcome = field.race(clock, controller.signal).catch((reason: unknown) => reason)
    controller.abort('enough')
    expect([await outcome, field.aborted, clock.pending]).to.deep.equal(['enough', [1], 0])
  })

  it('tries no more than sixteen addresses', async () => {
    const clock = new VirtualClock()
    const field = new Field()
    const many = Array.from({ length: 40 }, (_, port) => ({ host: 'h', port }))
    const winner = field.race(clock, undefined, many)
    await clock.advance(60_000)
    field.win(0)
    await winner
    expect(field.started.length).to.equal(16)
  })
})

describe('printAddress', () => {
  it('puts brackets round IPv6', () => {
    expect([printAddress({ host: '::1', port: 1 }), printAddress({ host: 'h', port: 2 })]).to.deep.equal(['[::1]:1', 'h:2'])
  })
})
