import { expect } from 'chai'
import { exchange, type Call } from './support/exchange.ts'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'

describe('the local API on loopback', () => {
  let lab: Lab
  let node: LabNode
  before(async () => {
    lab = await Lab.create()
    node = await lab.node('alpha')
    await node.append('notes', 'private words')
  })
  after(() => lab[Symbol.asyncDispose]())

  const paths = ['/api/v1/status', '/api/v1/journals/notes/entries']
  /** The distinct answers that the routes give to a request with these headers. */
  const answers = async (headers: Record<string, string>, call: Call = {}) => {
    const all = await Promise.all(paths.map(async (path) => {
      const answer = await exchange(node.port, path, { ...call, headers })
      return `${answer.status} ${answer.status === 200 ? '' : answer.json().error}`.trim()
    }))
    return [...new Set(all)]
  }
  const operator = () => ({ authorization: `Bearer ${node.token}` })

  it('answers the operator, by each name of this machine', async () => {
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await answers({ ...operator(), host: `${host}:${node.port}` }), host).to.deep.equal(['200'])
    }
  })

  it('asks for the token', async () => {
    expect(await answers({})).to.deep.equal(['401 MESH_TOKEN_INVALID'])
    expect(await answers({ authorization: `Bearer ${node.token.slice(1)}A` })).to.deep.equal(['401 MESH_TOKEN_INVALID'])
  })

  it('refuses a foreign Host, as a rebound DNS name sends it, with the token too', async () => {
    for (const host of ['rebound.example', `rebound.example:${node.port}`, '127.0.0.1:1', `127.0.0.1.example:${node.port}`]) {
      expect(await answers({ ...operator(), host }), host).to.deep.equal(['403 MESH_NOT_TRUSTED'])
    }
  })

  it('refuses a foreign Origin, with the token too', async () => {
    for (const origin of ['https://page.example', 'null', `http://127.0.0.1.example:${node.port}`, 'http://127.0.0.1:1']) {
      expect(await answers({ ...operator(), origin }), origin).to.deep.equal(['403 MESH_NOT_TRUSTED'])
    }
  })

  it('serves no mesh route over plain HTTP', async () => {
    const answer = await exchange(node.port, '/api/v1/sync/envelopes?agent=notes', { headers: operator() })
    expect([answer.status, answer.json().error]).to.deep.equal([403, 'MESH_NOT_TRUSTED'])
  })
})
