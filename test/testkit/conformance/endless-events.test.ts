import { expect } from 'chai'
import { ConformanceError, transportCases, VirtualClock } from '@akshi/testkit'
import { Patience } from '../../../packages/testkit/src/conformance/patience.ts'
import { folderOptions } from './folder-subject.ts'
import { changeTransport, sabotagedTransport } from './sabotage.ts'

/** Says "stored", keeps nothing, and hints as often as it can. */
const chatterbox = changeTransport((transport) => {
  let isStopped = false
  return {
    start: async (receiver, signal) => {
      await transport.start(receiver, signal)
      const chatter = () => {
        if (isStopped) return
        receiver.hint({ kind: 'shared', name: 'chatterbox' })
        setImmediate(chatter)
      }
      chatter()
    },
    connect: async (target, signal) => Object.assign(await transport.connect(target, signal), {
      push: async (batch: readonly Uint8Array[]) => ({ verdicts: batch.map(() => ({ status: 'stored' })), have: [] })
    }),
    stop: async () => {
      isStopped = true
      await transport.stop()
    }
  }
})

async function errorOf (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'it passes', (error: unknown) => error instanceof ConformanceError ? error.message : `no ConformanceError: ${String(error)}`)
}

describe('A case whose plugin never stops to give events', () => {
  for (const name of ['keeps what was pushed when its writer is gone', 'gives others what one has pushed, unaltered']) {
    it(`ends, and says what it waited for and which promise it is about: "${name}"`, async () => {
      const each = transportCases.find((one) => one.name === name)
      const subject = { ...sabotagedTransport(folderOptions, chatterbox), deadlineMs: 300 }
      expect(await errorOf(each?.run(subject) ?? Promise.resolve())).to.match(/^(\d) of \1 items do not come, and a hint that they may be there did not happen within 300 ms\. /)
        .and.include(`. The promise: ${each?.promise}`)
    })
  }

  it('ends where time is virtual, though no event takes time', async () => {
    const clock = new VirtualClock()
    let looks = 0
    const patience = new Patience({ advance: (ms) => clock.advance(ms), wholeMs: 50 })
    const look = async () => ({ what: `look ${looks > 0 ? 'again' : ''}`, event: Promise.resolve(++looks) })
    expect([await errorOf(patience.whole(() => patience.until(look))), looks > 1]).to.deep.equal(['The case was not over within 50 ms; what it waited for last: look again', true])
  })

  it('ends when what hangs is nothing that it waits for', async () => {
    const patience = new Patience({ deadlineMs: 10 })
    const play = async () => {
      await patience.within(Promise.resolve(), 'a start')
      await new Promise<never>(() => {})
    }
    expect(await errorOf(patience.whole(play))).to.equal('The case was not over within 50 ms; what it waited for last: a start')
  })
})
