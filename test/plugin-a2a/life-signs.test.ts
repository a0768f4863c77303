import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { showLife } from '../../packages/plugin-a2a/src/life-signs.ts'

/** As far as a response matters here. */
function responseOf (type: string, headersSent: boolean) {
  const written: string[] = []
  return Object.assign(new EventEmitter(), { written, headersSent, getHeader: () => type, write: (text: string) => written.push(text) })
}

describe('showLife', () => {
  it('writes comments into streams of events that have begun, until they end, and into nothing else', async () => {
    const clock = new VirtualClock()
    const [stream, waiting, other] = [responseOf('text/event-stream', true), responseOf('text/event-stream', false), responseOf('application/json', true)]
    for (const response of [stream, waiting, other]) showLife(response as unknown as ServerResponse, clock)
    await clock.advance(25_000)
    for (const response of [stream, waiting, other]) response.emit('close')
    await clock.advance(25_000)
    expect([stream.written, waiting.written, other.written, clock.delays]).to.deep.equal([[':\n\n', ':\n\n'], [], [], []])
  })
})
