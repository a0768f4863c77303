import { expect } from 'chai'
import { settle, VirtualClock } from '@akshi/testkit'
import { MeshError } from '../../packages/core/src/errors.ts'
import { Lifecycle } from '../../packages/core/src/lifecycle.ts'
import { failureOf } from '../support/failures.ts'

function makeLifecycle () {
  const clock = new VirtualClock()
  const lifecycle = new Lifecycle(clock)
  const log: string[] = []
  const part = (name: string, { start = () => {}, stop = () => {} }: { start?: (signal: AbortSignal) => Promise<void> | void, stop?: () => Promise<void> | void } = {}) => ({
    name,
    start: (signal: AbortSignal) => { log.push(`+${name}`); return start(signal) },
    stop: () => { log.push(`-${name}`); return stop() }
  })
  return { clock, lifecycle, log, part }
}

const never = () => new Promise<void>(() => {})

/** The code and message of each error that stopping gathers. */
async function stopErrors (stopped: Promise<void>): Promise<[code: string, message: string][]> {
  const error = await failureOf(() => stopped)
  expect(error).to.be.instanceOf(AggregateError)
  return (error as AggregateError).errors.map(({ code, message }: MeshError) => [code, message])
}

describe('Lifecycle', () => {
  it('starts parts one after the other and stops them in reverse', async () => {
    const { lifecycle, log, part } = makeLifecycle()
    for (const name of ['a', 'b', 'c']) await lifecycle.start(part(name, { stop: settle }))
    await lifecycle.stop()
    expect(log).to.deep.equal(['+a', '+b', '+c', '-c', '-b', '-a'])
  })

  it('names the part that fails to start, and stops that as well', async () => {
    const { lifecycle, log, part } = makeLifecycle()
    const cause = new Error('no such device')
    await lifecycle.start(part('a'))
    const error = await failureOf(() => lifecycle.start(part('plugin "x"', { start: () => { throw cause } }))) as MeshError
    await lifecycle.stop()
    expect([error.code, error.message, error.cause]).to.deep.equal(['MESH_PLUGIN_START_FAILED', 'plugin "x" failed to start: no such device', cause])
    expect(log).to.deep.equal(['+a', '+plugin "x"', '-plugin "x"', '-a'])
  })

  it('passes core\'s own errors on, which an operator can mend, and wraps those of others', async () => {
    const { lifecycle, part } = makeLifecycle()
    const own = new MeshError('MESH_PORT_IN_USE', 'taken')
    expect(await failureOf(() => lifecycle.start(part('a', { start: () => { throw own } })))).to.equal(own)
    for (const error of [new MeshError('OTHER_CODE', 'x'), new MeshError('MESH_TIMEOUT', 'x')]) {
      expect(await failureOf(() => lifecycle.start(part('a', { start: () => Promise.reject(error) })))).to.include({ code: 'MESH_PLUGIN_START_FAILED', cause: error })
    }
  })

  it('gives a part twenty seconds to start, then aborts its signal and names it', async () => {
    const { clock, lifecycle, log, part } = makeLifecycle()
    let signal: AbortSignal | undefined
    const failure = failureOf(() => lifecycle.start(part('plugin "slow"', { start: (given) => { signal = given; return never() } })))
    await clock.advance(19_999)
    expect(signal?.aborted).to.equal(false)
    await clock.advance(1)
    expect(signal?.aborted).to.equal(true)
    expect(await failure).to.include({ code: 'MESH_PLUGIN_START_FAILED', message: 'plugin "slow" failed to start: Starting plugin "slow" took longer than 20 s.' })
    await lifecycle.stop()
    expect(log).to.deep.equal(['+plugin "slow"', '-plugin "slow"'])
  })

  it('stops every part, whatever the others do, and gathers what went wrong', async () => {
    const { clock, lifecycle, log, part } = makeLifecycle()
    await lifecycle.start(part('a'))
    await lifecycle.start(part('throws', { stop: () => { throw new Error('one') } }))
    await lifecycle.start(part('hangs', { stop: never }))
    await lifecycle.start(part('rejects', { stop: async () => { throw new Error('two') } }))
    const errors = stopErrors(lifecycle.stop())
    await settle()
    await clock.advance(10_000)
    expect(await errors).to.deep.equal([
      ['MESH_PLUGIN_STOP_FAILED', 'rejects did not stop cleanly: two'],
      ['MESH_PLUGIN_STOP_FAILED', 'hangs did not stop cleanly: Stopping hangs took longer than 10 s.'],
      ['MESH_PLUGIN_STOP_FAILED', 'throws did not stop cleanly: one']
    ])
    expect([log.slice(4), clock.delays]).to.deep.equal([['-rejects', '-hangs', '-throws', '-a'], []])
  })

  it('drops a part: it is stopped now, and not again', async () => {
    const { lifecycle, log, part } = makeLifecycle()
    const [a, b] = [part('a'), part('b')]
    for (const each of [a, b]) await lifecycle.start(each)
    await lifecycle.drop(a)
    expect(log).to.deep.equal(['+a', '+b', '-a'])
    await lifecycle.drop(a)
    await lifecycle.stop()
    await lifecycle.drop(b)
    expect(log).to.deep.equal(['+a', '+b', '-a', '-b'])
  })

  it('goes on when a part that may fail has contained its failure', async () => {
    const { lifecycle, part } = makeLifecycle()
    const contained: string[] = []
    await lifecycle.start({ ...part('a', { start: () => { throw new Error('no') } }), contain: async ({ message }) => { contained.push(message) } })
    await lifecycle.start(part('b'))
    expect(contained).to.deep.equal(['a failed to start: no'])
  })

  it('stops once, however often it is told to', async () => {
    const { lifecycle, log, part } = makeLifecycle()
    await lifecycle.start(part('a', { stop: async () => { await settle(); log.push('stopped') } }))
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    expect(log).to.deep.equal(['+a', '-a', 'stopped'])
  })

  it('stops nothing when nothing was started', async () => {
    await makeLifecycle().lifecycle.stop()
  })
})
