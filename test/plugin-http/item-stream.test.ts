import { randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect } from 'chai'
import { writeItems } from '../../packages/plugin-http/src/item-stream.ts'
import { settle } from './virtual-clock.ts'

describe('writeItems', () => {
  for (const mayPack of [false, true]) {
    it(`takes no more items than the caller reads, and ends when the caller is gone, ${mayPack ? 'packed' : 'as they are'}`, async () => {
      const response = new ServerResponse(new IncomingMessage(new Socket()))      // nobody reads what it writes
      let taken = 0
      const items = async function * () {
        for (; taken < 50; taken++) yield new Uint8Array(randomBytes(100_000))
      }
      const written = writeItems(response, items(), mayPack)
      await settle()
      const whileWaiting = taken
      response.destroy().emit('close')                     // as the server does when the socket closes
      await written
      expect([whileWaiting, taken]).to.deep.equal([0, 1])
    })
  }
})
