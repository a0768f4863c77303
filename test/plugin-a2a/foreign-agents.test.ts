import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { answerOf, client03, client13, kindsOf, params, request, request03, rpc } from './support/clients.ts'
import { ForeignAgent } from './support/foreign-agent.ts'
import { met, twoNodes } from './support/two-nodes.ts'

const [completed, canceled] = [3, 5] as const

function portOf (server: Server): number {
  return (server.address() as AddressInfo).port
}

async function foreignOn (agent: ForeignAgent) {
  const nodes = await twoNodes({ beta: { toml: `[[agents]]\nname = "foreign"\nurl = "${agent.url}"\n[[agents]]\nname = "quiet"` } })
  await met(nodes.alpha, nodes.beta, 'foreign')
  return { ...nodes, base: nodes.alpha.base(nodes.beta, 'foreign') }
}

describe('agents behind an A2A server of their own', () => {
  for (const binding of ['JSONRPC', 'HTTP+JSON'] as const) {
    it(`are reached over ${binding} as those in the process: send, stream, cancel, resubscribe, more`, async () => {
      await using agent = await ForeignAgent.start(binding)
      await using nodes = await foreignOn(agent)
      const client = await client13(nodes.alpha, nodes.base)
      const sent = await client.sendMessage(request('hello you'))
      const kinds = await kindsOf(client.sendMessageStream(request('a b')))
      const waiting = await client.sendMessage(request('wait', { returnImmediately: true }))
      if (!('status' in waiting)) throw new Error('no task')
      await agent.echo.waiting()
      const { status } = await client.cancelTask({ tenant: '', id: waiting.id, metadata: undefined })
      const asked = await client.sendMessage(request('ask'))
      const more = await client.sendMessage(request('more', { taskId: 'status' in asked ? asked.id : '' }))
      expect([answerOf(sent), kinds, status?.state, answerOf(more)]).to.deep.equal(['hello you', ['task', 'artifactUpdate', 'artifactUpdate', completed], canceled, 'more'])
    })
  }

  it('are reached when they speak A2A 0.3 alone, by clients of 1.0 and 0.3', async () => {
    await using agent = await ForeignAgent.start03()
    await using nodes = await foreignOn(agent)
    const sent = await (await client13(nodes.alpha, nodes.base)).sendMessage(request('hello'))
    const old = await (await client03(nodes.alpha, nodes.base)).sendMessage(request03('you')) as { result: { parts: { text: string }[] } }
    expect([answerOf(sent), old.result.parts[0]?.text]).to.deep.equal(['old hello', 'old you'])
  })

  it('see the DID of the caller in x-akshi-peer, and no token', async () => {
    await using agent = await ForeignAgent.start()
    await using nodes = await foreignOn(agent)
    await (await client13(nodes.alpha, nodes.base)).sendMessage(request('hello'))
    expect(agent.headers.map((headers) => [headers['x-akshi-peer'], headers['authorization']])).to.deep.equal([[nodes.alpha.did, undefined]])
  })

  it('have the card of their server, with what runtime.toml says on top', async () => {
    await using agent = await ForeignAgent.start()
    await using nodes = await foreignOn(agent)
    const card = await (await client13(nodes.alpha, nodes.base)).getAgentCard()
    expect([card.name, card.version, card.description, card.skills.map(({ id }) => id)]).to.deep.equal(['foreign', '7', 'Says again what it is told', ['repeat']])
  })

  it('get a message once, however often it is sent', async () => {
    await using agent = await ForeignAgent.start()
    await using nodes = await foreignOn(agent)
    const client = await client13(nodes.alpha, nodes.base)
    const once = request('hello')
    const results = await Promise.all([client.sendMessage(once), client.sendMessage(once)])
    const again = await client.sendMessage(once)
    expect([agent.echo.got.length, new Set([...results, again].map((result) => 'id' in result && result.id)).size]).to.deep.equal([1, 1])
  })

  it('fail a task, with the reason, when they are not there', async () => {
    const agent = await ForeignAgent.start()
    await using nodes = await foreignOn(agent)
    await agent[Symbol.asyncDispose]()
    const client = await client13(nodes.alpha, nodes.base)
    const result = await client.sendMessage(request('hello'))
    const { state, message } = ('status' in result && result.status) || {}
    expect([state, message?.parts[0]?.content?.value]).to.deep.equal([4, 'The agent failed: its server does not answer as it should: fetch failed: connect ECONNREFUSED ' + agent.place])
  })

  it('are journals alone without url and module: there is no such agent', async () => {
    await using agent = await ForeignAgent.start()
    await using nodes = await foreignOn(agent)
    const { status } = await nodes.alpha.fetch(`${nodes.alpha.base(nodes.beta, 'quiet')}.well-known/agent-card.json`)
    expect(status).to.equal(404)
  })

  it('cannot lead messages to another host by their card', async () => {
    const heard: unknown[] = []
    const server = createServer((request, response) => {
      heard.push(request.method)
      response.end(JSON.stringify({ name: 'x', description: '', version: '1', capabilities: {}, skills: [], supportedInterfaces: [{ url: `http://localhost:${portOf(server)}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }] }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await using nodes = await twoNodes({ beta: { toml: `[[agents]]\nname = "foreign"\nurl = "http://127.0.0.1:${portOf(server)}"` } })
    const { body } = await rpc(nodes.alpha, nodes.alpha.base(nodes.beta, 'foreign'), 'SendMessage', params('hello'))
    server.closeAllConnections()
    server.close()
    expect([body.result?.task?.status.state, heard.includes('POST')]).to.deep.equal(['TASK_STATE_FAILED', false])
  })

  it('may not be elsewhere than url_hosts says', async () => {
    const start = twoNodes({ beta: { toml: '[[agents]]\nname = "far"\nurl = "http://192.0.2.1/"' } })
    const error = await start.catch((error: unknown) => error) as Error
    expect(error.message).to.include('url_hosts')
  })
})
