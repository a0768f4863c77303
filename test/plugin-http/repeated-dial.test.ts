import { expect } from 'chai'
import { dialRepeatedly } from '../../packages/plugin-http/src/repeated-dial.ts'
import { settle, VirtualClock } from './virtual-clock.ts'

const everyMs = 1_000

/** Dials that a test settles by hand. They end with their signal, as a dial does. */
class Field {
  readonly clock = new VirtualClock()
  readonly started: number[] = []
  readonly aborted: number[] = []
  readonly discarded: string[] = []
  readonly #dials: { resolve: (connection: string) => void, reject: (error: unknown) => void }[] = []

  dial (signal = new AbortController().signal): Promise<string> {
    return dialRepeatedly({
      clock: this.clock,
      everyMs,
      discard: (connection) => { this.discarded.push(connection) },
      attempt: (over) => new Promise((resolve, reject) => {
        const number = this.#dials.push({ resolve, reject })
        this.started.push(this.clock.now())
        over.addEventListener('abort', () => { this.aborted.push(number); reject(over.reason) }, { once: true })
      })
    }, signal)
  }

  connect (number: number): void { this.#dials[number - 1]?.resolve(`connection ${number}`) }
  fail (number: number, error: unknown): void { this.#dials[number - 1]?.reject(error) }
}

const failure = (call: Promise<unknown>) => call.then(() => 'resolved', (error: unknown) => error)

describe('dialRepeatedly', () => {
  it('dials once where that has an outcome in time, and leaves no timer', async () => {
    const field = new Field()
    const dial = field.dial()
    await field.clock.advance(everyMs - 1)
    field.connect(1)
    expect([await dial, field.clock.pending]).to.deep.equal(['connection 1', 0])
    await field.clock.advance(10 * everyMs)
    expect(field.started).to.deep.equal([0])
  })

  it('dials again each second beside those without an outcome, and ends the others at the first', async () => {
    const field = new Field()
    const dial = field.dial()
    await field.clock.advance(2 * everyMs)
    const before = [...field.aborted]
    field.connect(2)
    expect([await dial, field.started, before, field.aborted, field.clock.pending]).to.deep.equal(['connection 2', [0, 1_000, 2_000], [], [1, 2, 3], 0])
  })

  it('takes an early dial that connects late', async () => {
    const field = new Field()
    const dial = field.dial()
    await field.clock.advance(2 * everyMs)
    field.connect(1)
    expect(await dial).to.equal('connection 1')
  })

  it('takes the first failure for that of all', async () => {
    const field = new Field()
    const dial = failure(field.dial())
    await field.clock.advance(2 * everyMs)
    const refused = new Error('refused')
    field.fail(2, refused)
    expect([await dial, field.aborted, field.clock.pending]).to.deep.equal([refused, [1, 2, 3], 0])
    await field.clock.advance(10 * everyMs)
    expect(field.started.length).to.equal(3)
  })

  it('discards a connection that comes after the first, or after a failure', async () => {
    const ends = [(field: Field) => field.connect(1), (field: Field) => field.fail(1, new Error('refused'))]
    const discarded = []
    for (const end of ends) {
      const field = new Field()
      const dial = failure(field.dial())
      await field.clock.advance(everyMs)
      end(field)
      field.connect(2)                                    // before it hears that it is over
      await dial
      await settle()
      discarded.push(field.discarded)
    }
    expect(discarded).to.deep.equal([['connection 2'], ['connection 2']])
  })

  it('ends with the reason of an abort, and all dials with it', async () => {
    const field = new Field()
    const controller = new AbortController()
    const dial = failure(field.dial(controller.signal))
    await field.clock.advance(everyMs)
    const reason = new Error('stopping')
    controller.abort(reason)
    expect([await dial, field.aborted, field.clock.pending, field.discarded]).to.deep.equal([reason, [1, 2], 0, []])
    await field.clock.advance(10 * everyMs)
    expect(field.started.length).to.equal(2)
  })
})
