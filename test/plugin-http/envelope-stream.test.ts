import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect } from 'chai'
import { writeEnvelopes } from '../../packages/plugin-http/src/envelope-stream.ts'
import { settle } from './virtual-clock.ts'

describe('writeEnvelopes', () => {
  it('takes no more envelopes than the caller reads, and ends when the caller is gone', async () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()))      // nobody reads what it writes
    let taken = 0
    const envelopes = async function * () {
      for (; taken < 50; taken++) yield new Uint8Array(100_000)
    }
    const written = writeEnvelopes(response, envelopes())
    await settle()
    const whileWaiting = taken
    response.destroy().emit('close')                     // as the server does when the socket closes
    await written
    expect([whileWaiting, taken]).to.deep.equal([0, 1])
  })
})
