import { expect } from 'chai'
import { Turns } from '../../packages/plugin-fs/src/turns.ts'
import { never } from './support.ts'

/** Work that ends when told to. */
function makeWork (log: string[], name: string) {
  let [begin, end]: (() => void)[] = []
  const begun = new Promise<void>((resolve) => { begin = resolve })
  const ended = new Promise<void>((resolve) => { end = resolve })
  const run = async () => {
    begin?.()
    log.push(`${name} begins`)
    await ended
    log.push(`${name} ends`)
  }
  return { run, begun, end: () => end?.() }
}

describe('Turns', () => {
  it('runs one piece of work at a time, in order, also after one failed', async () => {
    const [turns, log] = [new Turns(), [] as string[]]
    const [a, b] = [makeWork(log, 'a'), makeWork(log, 'b')]
    const fail = async () => {
      log.push('fails')
      throw new Error('broken')
    }
    const all = [turns.take(never, a.run), turns.take(never, fail).catch(() => {}), turns.take(never, b.run)]
    b.end()
    a.end()
    await Promise.all(all)
    expect(log).to.deep.equal(['a begins', 'a ends', 'fails', 'b begins', 'b ends'])
  })

  it('rejects at once on abort, though the work hangs, and skips what has not begun', async () => {
    const [turns, log, abort, reason] = [new Turns(), [] as string[], new AbortController(), new Error('enough')]
    const [hanging, waiting] = [makeWork(log, 'hanging'), makeWork(log, 'waiting')]
    const calls = [turns.take(abort.signal, hanging.run), turns.take(abort.signal, waiting.run)].map((call) => call.catch((error: unknown) => error))
    await hanging.begun
    abort.abort(reason)
    calls.push(turns.take(abort.signal, waiting.run).catch((error: unknown) => error))
    expect(await Promise.all(calls)).to.deep.equal([reason, reason, reason])
    hanging.end()
    await turns.idle()
    expect(log.filter((line) => line.startsWith('waiting'))).to.deep.equal([])
  })

  it('is idle only when the work has ended, aborted or not', async () => {
    const [turns, log, abort] = [new Turns(), [] as string[], new AbortController()]
    const work = makeWork(log, 'work')
    const call = turns.take(abort.signal, work.run).catch(() => {})
    await work.begun
    abort.abort()
    const idle = turns.idle().then(() => log.push('idle'))
    work.end()
    await Promise.all([call, idle])
    expect(log).to.deep.equal(['work begins', 'work ends', 'idle'])
  })
})
