import type { RequestListener, ServerResponse } from 'node:http'
import { expect } from 'chai'
import { createIdentity, type Did, type PeerAnswer, type RouteAccess } from '@akshi/core'
import { codeOf } from '../support/failures.ts'
import { TestNode, type TestNodeOptions } from './fixture.ts'

const never = new AbortController().signal
const path = '/mesh/v1/echo'

/** Two nodes that know each other's address; the second answers with this, if it trusts the first. */
async function twoNodes (listener: RequestListener, { access = 'mesh', trusted = true, config = {} }: { access?: RouteAccess, trusted?: boolean, config?: TestNodeOptions['config'] } = {}) {
  const [one, two] = await Promise.all([new TestNode({ config }).start(), new TestNode().start()])
  one.known.set(two.identity.did, { addresses: [two.address] })
  if (trusted) two.receiver.trusted.add(one.identity.did)
  two.httpRoutes.mount({ path, access, listener })
  return { one, two, did: two.identity.did, [Symbol.asyncDispose]: async () => { await Promise.all([one.stop(), two.stop()]) } }
}

async function textOf ({ body }: PeerAnswer): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

describe('calls to peers', () => {
  it('bring method, path, headers and body to a route of the other node, with the proven DID of the caller, and its answer back', async () => {
    const heard: unknown[] = []
    await using nodes = await twoNodes((request, response) => {
      heard.push([request.method, request.url, request.headers['a2a-version'], request.headers['x-akshi-peer']])
      response.writeHead(201, { 'content-type': 'text/plain' })
      request.pipe(response)
    })
    const { one, did } = nodes
    const answer = await one.peerCalls.call(did, { method: 'POST', path: `${path}/more?x=1`, headers: { 'a2a-version': '1.0', 'x-akshi-peer': did }, body: Buffer.from('hello') }, never)
    expect([answer.status, answer.headers['content-type'], await textOf(answer)]).to.deep.equal([201, 'text/plain', 'hello'])
    expect(heard).to.deep.equal([['POST', `${path}/more?x=1`, '1.0', one.identity.did]])
  })

  it('bring an answer piece by piece, and end it when nobody reads it any more', async () => {
    let left = () => {}
    const hasLeft = new Promise<void>((resolve) => { left = resolve })
    await using nodes = await twoNodes((_request, response) => {
      response.write('first')
      response.on('close', left)
    })
    const { body } = await nodes.one.peerCalls.call(nodes.did, { method: 'GET', path }, never)
    const reading = body[Symbol.asyncIterator]()
    const { value: piece } = await reading.next() as { readonly value: Uint8Array }
    expect(Buffer.from(piece).toString()).to.equal('first')
    await reading.return?.()
    await hasLeft
  })

  it('end with their signal, before the answer and in the midst of it', async () => {
    const [early, late] = [new AbortController(), new AbortController()]
    await using nodes = await twoNodes((request, response) => {
      if (request.url === path) return early.abort(new Error('early'))
      response.write('first')
    })
    const { one, did } = nodes
    const failure = await one.peerCalls.call(did, { method: 'GET', path }, early.signal).then(() => '', String)
    const { body } = await one.peerCalls.call(did, { method: 'GET', path: `${path}/slow` }, late.signal)
    const reading = body[Symbol.asyncIterator]()
    await reading.next()
    late.abort(new Error('late'))
    expect([failure, await reading.next().then(() => '', String)]).to.deep.equal(['Error: early', 'Error: late'])
  })

  it('wait for an answer as long as all requests do, or for as long as it takes', async () => {
    const waiting: ServerResponse[] = []
    await using nodes = await twoNodes((_request, response) => { waiting.push(response) }, { config: { request_timeout_secs: 1 } })
    const { one, did } = nodes
    const patient = one.peerCalls.call(did, { method: 'GET', path, answerWithinMs: 0 }, never)
    const failure = await codeOf(() => one.peerCalls.call(did, { method: 'GET', path }, never))
    for (const response of waiting) response.end()
    expect([failure, (await patient).status]).to.deep.equal(['MESH_SEND_FAILED', 200])
  })

  it('do not wait for each other', async () => {
    let waiting = 0
    let all = () => {}
    const allHere = new Promise<void>((resolve) => { all = resolve })
    await using nodes = await twoNodes(async (_request, response) => {
      if (++waiting === 20) all()
      await allHere
      response.end()
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => nodes.one.peerCalls.call(nodes.did, { method: 'GET', path }, new AbortController().signal)))
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(20).fill(200))
  })

  it('are answered 403 by a node that does not trust the caller, unless the route is open', async () => {
    const statusOf = async (access: RouteAccess) => {
      await using nodes = await twoNodes((_request, response) => { response.end() }, { access, trusted: false })
      return (await nodes.one.peerCalls.call(nodes.did, { method: 'GET', path }, never)).status
    }
    expect([await statusOf('mesh'), await statusOf('open')]).to.deep.equal([403, 200])
  })

  it('say why they cannot be made: no address, nobody there, another node there, no plugin, stopped', async () => {
    await using nodes = await twoNodes((_request, response) => { response.end() })
    const { one, two } = nodes
    const call = (did: Did) => codeOf(() => one.peerCalls.call(did, { method: 'GET', path }, never))
    const [unknown, elsewhere, gone] = [createIdentity().did, createIdentity().did, createIdentity().did]
    one.known.set(elsewhere, { addresses: [two.address] })
    one.known.set(gone, { addresses: [{ host: '127.0.0.1', port: 1 }] })
    const codes = [await call(unknown), await call(gone), await call(elsewhere)]
    await one.stop()
    expect([...codes, await call(nodes.did)]).to.deep.equal(['MESH_PEER_UNREACHABLE', 'MESH_PEER_UNREACHABLE', 'MESH_PEER_MISMATCH', 'MESH_NOT_RUNNING'])
  })

  it('say that the connection broke when the other node stops in the midst of an answer', async () => {
    await using nodes = await twoNodes((_request, response) => { response.write('first') })
    const { body } = await nodes.one.peerCalls.call(nodes.did, { method: 'GET', path }, never)
    const reading = body[Symbol.asyncIterator]()
    await reading.next()
    await nodes.two.stop()
    expect(await codeOf(() => reading.next())).to.equal('MESH_SEND_FAILED')
  })
})
