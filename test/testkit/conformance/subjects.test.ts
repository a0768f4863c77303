import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { ConformanceError, transportCases, transportCasesOf, transportSubject, until } from '@akshi/testkit'
import { OpenHandles } from '../../../packages/testkit/src/conformance/open-handles.ts'
import { memoryOptions, memoryTransport } from './memory-subjects.ts'

describe('A subject', () => {
  it('is given the cases of its reach and of what its worlds can do', () => {
    const { exempt, ...honest } = memoryOptions
    const given = transportCasesOf(transportSubject({ ...honest, damage: async () => {} }))
    expect(given.map(({ name }) => name)).to.deep.equal(transportCases.filter(({ reach }) => reach !== 'shared').map(({ name }) => name))
  })

  it('cannot be exempt from what is no case', () => {
    expect(() => transportCasesOf(transportSubject({ ...memoryOptions, exempt: { 'is fast': 'it is slow' } }))).to.throw(TypeError, '"is fast"')
  })

  for (const name of Object.keys(memoryOptions.exempt ?? {})) {
    it(`in memory does not "${name}": else it need not be exempt`, async () => {
      const error = await transportCases.find((each) => each.name === name)?.run(memoryTransport).catch((error: unknown) => error)
      expect(error).to.be.instanceOf(ConformanceError)
    })
  }
})

describe('OpenHandles', () => {
  it('names servers and sockets that were not open before, until they are closed', async () => {
    const before = new OpenHandles()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const during = before.more
    await new Promise((resolve) => server.close(resolve))
    await until(() => before.more.length === 0)
    expect(during).to.deep.equal(['1 TCPServerWrap'])
  })
})
