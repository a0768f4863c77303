import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { createIdentity, definePlugin, homePaths, keyObjectFromDid, NoConfig, openAnnouncement, readIdentity, type PeerRequest, type PendingWrite } from '@akshi/core'
import { verifyAgentCardSignature, type AgentCard } from '@a2a-js/sdk'
import { call } from '../plugin-http/client.ts'
import { client13, params, request, rpc } from './support/clients.ts'
import { twoNodes } from './support/two-nodes.ts'
import { until } from './support/until.ts'

type Nodes = Awaited<ReturnType<typeof twoNodes>>
interface RestError { readonly error: { readonly code: number, readonly status: string, readonly details: readonly { readonly reason: string }[] } }

/** A plugin that refuses A2A messages with this word in them, and notes what it was asked. */
function censor (word: string) {
  const asked: PendingWrite[] = []
  const plugin = definePlugin({
    name: 'censor',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ hooks }) => {
      hooks.beforeWrite.tapPromise('censor', async (write) => {
        asked.push(write)
        return JSON.stringify(write.body).includes(word) ? { reason: 'rule WORD at /params/message/parts/0/text' } : undefined
      })
      return {}
    }
  })
  return { asked, plugin: { plugin } }
}

/** A plugin that notes the A2A requests of its node to others. */
function spy () {
  const requests: PeerRequest[] = []
  const plugin = definePlugin({
    name: 'spy',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ peerCalls }) => {
      const call = peerCalls.call.bind(peerCalls)
      peerCalls.call = (did, request, signal) => {
        requests.push(request)
        return call(did, request, signal)
      }
      return {}
    }
  })
  return { requests, plugin: { plugin } }
}

async function errorsOf ({ alpha }: Nodes, base: string) {
  const { status, retryAfter, body } = await rpc(alpha, base, 'SendMessage', params('hello'))
  const response = await alpha.fetch(`${base}rest/message:send`, { method: 'POST', headers: { 'content-type': 'application/json', 'a2a-version': '1.0' }, body: JSON.stringify(params('hello')) })
  const rest = await response.json() as RestError
  return [status, retryAfter, body.id, body.error?.code, body.error?.data?.[0]?.reason, response.status, rest.error.code, rest.error.status, rest.error.details[0]?.reason]
}

describe('the gateway', () => {
  it('answers as A2A clients expect when it cannot pass a message on: unknown node, unknown agent, untrusted node, no DID', async () => {
    await using nodes = await twoNodes()
    const { alpha, beta } = nodes
    const stranger = createIdentity().did
    expect([
      await errorsOf(nodes, alpha.base({ did: stranger }, 'echo')),
      await errorsOf(nodes, alpha.base(beta, 'nobody')),
      await errorsOf(nodes, alpha.base(alpha, 'nobody')),
      await errorsOf(nodes, alpha.base({ did: 'did:key:nonsense' as never }, 'echo')),
      await alpha.runtime.control.untrust(beta.did).then(() => errorsOf(nodes, alpha.base(beta, 'echo')))
    ]).to.deep.equal([
      [404, null, 7, -32603, 'MESH_PEER_UNKNOWN', 404, 404, 'NOT_FOUND', 'MESH_PEER_UNKNOWN'],
      [404, null, 7, -32603, 'AGENT_UNKNOWN', 404, 404, 'NOT_FOUND', 'AGENT_UNKNOWN'],
      [404, null, 7, -32603, 'AGENT_UNKNOWN', 404, 404, 'NOT_FOUND', 'AGENT_UNKNOWN'],
      [400, null, 7, -32603, 'MESH_DID_INVALID', 400, 400, 'INVALID_ARGUMENT', 'MESH_DID_INVALID'],
      [403, null, 7, -32603, 'MESH_NOT_TRUSTED', 403, 403, 'PERMISSION_DENIED', 'MESH_NOT_TRUSTED']
    ])
  })

  it('says 503 and when to try again while the node is away and nothing may wait', async () => {
    await using nodes = await twoNodes({ alpha: { a2a: { queue_hours: 0 } } })
    await nodes.beta.stop()
    expect(await errorsOf(nodes, nodes.alpha.base(nodes.beta, 'echo'))).to.deep.equal([503, '5', 7, -32603, 'MESH_PEER_UNREACHABLE', 503, 503, 'UNAVAILABLE', 'MESH_PEER_UNREACHABLE'])
  })

  it('says what the other node says when that does not trust this one any more', async () => {
    await using nodes = await twoNodes()
    await nodes.beta.runtime.control.untrust(nodes.alpha.did)
    expect(await errorsOf(nodes, nodes.alpha.base(nodes.beta, 'echo'))).to.deep.equal([403, null, 7, -32603, 'MESH_NOT_TRUSTED', 403, 403, 'PERMISSION_DENIED', 'MESH_NOT_TRUSTED'])
  })

  it('lets an agent hear those alone that it allows', async () => {
    await using nodes = await twoNodes({ allow: [createIdentity().did] })
    const { alpha, beta, echo } = nodes
    const own = await rpc(beta, beta.base(beta, 'echo'), 'SendMessage', params('mine'))
    expect([await errorsOf(nodes, alpha.base(beta, 'echo')), own.status, echo.got.map(({ text }) => text)])
      .to.deep.equal([[403, null, 7, -32603, 'AGENT_NOT_ALLOWED', 403, 403, 'PERMISSION_DENIED', 'AGENT_NOT_ALLOWED'], 200, ['mine']])
  })

  it('refuses what is too large, no JSON, of another version, or a way to push', async () => {
    await using nodes = await twoNodes({ alpha: { a2a: { max_message_bytes: 10_000 } } })
    const { alpha, beta, echo } = nodes
    const base = alpha.base(beta, 'echo')
    const large = await rpc(alpha, base, 'SendMessage', params('x'.repeat(20_000)))
    const spoilt = await alpha.fetch(`${base}rpc`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
    const version = await rpc(alpha, base, 'SendMessage', params('hello'), { 'a2a-version': '2.0' })
    const patch = await rpc(alpha, base, 'SendMessage', params('hello'), { 'a2a-version': '1.0.1' })
    const push = await rpc(alpha, base, 'CreateTaskPushNotificationConfig', { taskId: 'x', url: 'http://x', token: 'secret' })
    const pushed = await rpc(alpha, base, 'SendMessage', params('hello', 'pushed', { taskPushNotificationConfig: { url: 'http://x', token: 'secret' } }))
    expect([large.status, large.body.error?.code, spoilt.status, (await spoilt.json() as { error: { code: number } }).error.code, version.body.error?.code, patch.body.error, push.body.error?.code, pushed.body.error?.code, echo.got.length])
      .to.deep.equal([413, -32600, 400, -32700, -32009, undefined, -32003, -32003, 1])
  })

  it('leads nowhere but to the agent: no other path of a node is reached by it', async () => {
    const { plugin, requests } = spy()
    await using nodes = await twoNodes({ alpha: { plugins: [plugin] } })
    const { alpha, beta } = nodes
    const paths = ['rest/../../../../api/v1/sync/digest', 'rest/%2e%2e/%2e%2e/x', 'card', 'rest/', '', 'rpc/more', 'rest/a%2f..%2fb', 'rest\\..\\x']
    const statuses = await Promise.all(paths.map(async (path) => (await call(alpha.port, `/a2a/${beta.did}/echo/${path}`, { method: 'POST', headers: { authorization: `Bearer ${alpha.token}` }, body: '{}' })).status))
    const escaped = await alpha.fetch(`${alpha.url}/a2a/${encodeURIComponent(beta.did)}/echo/.well-known/agent-card.json`)
    expect([statuses.filter((status) => status !== 404 && status !== 403), escaped.status, requests.map(({ path }) => path)]).to.deep.equal([[], 200, ['/mesh/v1/a2a/echo/card']])
  })

  it('sends on what a message needs and no more, and waits for the agent as long as the client does', async () => {
    const { plugin, requests } = spy()
    await using nodes = await twoNodes({ alpha: { plugins: [plugin] } })
    const { alpha, beta } = nodes
    await rpc(alpha, alpha.base(beta, 'echo'), 'SendMessage', params('hello'), { traceparent: '00-1-2-01', 'x-secret': 'x' })
    expect(requests.map(({ body, ...rest }) => ({ ...rest, size: body?.length !== 0 }))).to.deep.equal([{
      method: 'POST', path: '/mesh/v1/a2a/echo/rpc', headers: { 'a2a-version': '1.0', 'content-type': 'application/json', accept: '*/*', traceparent: '00-1-2-01' }, answerWithinMs: 0, size: true
    }])
  })

  it('refuses at the agent\'s node too what is larger than that takes', async () => {
    await using nodes = await twoNodes({ beta: { a2a: { max_message_bytes: 10_000 } } })
    const { status, body } = await rpc(nodes.alpha, nodes.alpha.base(nodes.beta, 'echo'), 'SendMessage', params('x'.repeat(20_000)))
    expect([status, body.error?.code, nodes.echo.got.length]).to.deep.equal([413, -32600, 0])
  })

  it('asks beforeWrite before a message leaves, to another node or to an agent of its own, and sends none that is refused', async () => {
    const { asked, plugin } = censor('swordfish')
    await using nodes = await twoNodes({ alpha: { plugins: [plugin] } })
    const { alpha, beta, echo } = nodes
    alpha.a2a.registerAgent('own', {}, echo)
    await rpc(alpha, alpha.base(beta, 'echo'), 'SendMessage', params('hello'))
    const refused = [await rpc(alpha, alpha.base(beta, 'echo'), 'SendMessage', params('swordfish')), await rpc(alpha, alpha.base(alpha, 'own'), 'SendMessage', params('swordfish'))]
    const [write] = asked
    expect([refused.map(({ status, body }) => [status, body.error?.code, body.error?.data?.[0]?.reason]), refused[0]?.body.error?.message.includes('swordfish'), write?.journal, write?.part, write?.kind, echo.got.map(({ text }) => text)])
      .to.deep.equal([[[422, -32600, 'MESH_WRITE_VETOED'], [422, -32600, 'MESH_WRITE_VETOED']], false, 'echo', 'a2a', 'a2a', ['hello']])
  })

  it('ends the request at the other node when the client leaves, and the task goes on', async () => {
    await using nodes = await twoNodes()
    const { alpha, beta, echo } = nodes
    const leave = new AbortController()
    const call = alpha.fetch(`${alpha.base(beta, 'echo')}rpc`, { method: 'POST', headers: { 'content-type': 'application/json', 'a2a-version': '1.0' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendStreamingMessage', params: params('wait') }), signal: leave.signal })
    await echo.waiting()
    await call
    leave.abort()
    echo.goOn()
    await until(async () => (await beta.api<{ tasks: { status: string }[] }>('/a2a/tasks')).tasks[0]?.status === 'completed')
  })

  it('ends the request at the other node when the client leaves before there is an answer', async () => {
    let [asked, left] = [() => {}, () => {}]
    const isAsked = new Promise<void>((resolve) => { asked = resolve })
    const hasLeft = new Promise<void>((resolve) => { left = resolve })
    const silent = definePlugin({
      name: 'silent',
      apiVersion: 1,
      config: NoConfig,
      setup: ({ httpRoutes }) => {
        httpRoutes.mount({
          path: '/mesh/v1/a2a/silent/rpc',
          access: 'mesh',
          listener: (_request, response) => {
            response.on('close', left)
            asked()
          }
        })
        return {}
      }
    })
    await using nodes = await twoNodes({ beta: { plugins: [{ plugin: silent }] } })
    const leave = new AbortController()
    const call = nodes.alpha.fetch(`${nodes.alpha.base(nodes.beta, 'silent')}rpc`, { method: 'POST', body: '{}', signal: leave.signal }).catch(() => 'left')
    await isAsked
    leave.abort()
    await hasLeft
    expect(await call).to.equal('left')
  })

  it('shows the card of the agent with this node as its address, and where it is from', async () => {
    await using nodes = await twoNodes()
    const { alpha, beta } = nodes
    const base = alpha.base(beta, 'echo')
    const client = await client13(alpha, base)
    const card = await client.getAgentCard()
    const { params: origin } = card.capabilities?.extensions[0] ?? {}
    const legacy = await (await alpha.fetch(`${base}.well-known/agent-card.json`)).json() as { url: string, preferredTransport: string, protocolVersion: string }
    expect([card.name, card.supportedInterfaces.map(({ url, protocolBinding, protocolVersion }) => [url.replace(base, ''), protocolBinding, protocolVersion]), card.signatures, card.capabilities?.pushNotifications, origin?.['node'], origin?.['agent'], legacy.url, legacy.preferredTransport, legacy.protocolVersion])
      .to.deep.equal(['echo', [['rpc', 'JSONRPC', '1.0'], ['rest', 'HTTP+JSON', '1.0'], ['rpc', 'JSONRPC', '0.3'], ['rest', 'HTTP+JSON', '0.3']], [], false, beta.did, 'echo', `${base}rpc`, 'JSONRPC', '0.3.0'])
  })

  it('reaches the agents of its own node the same way, with its own DID', async () => {
    await using nodes = await twoNodes()
    const { beta, echo } = nodes
    await (await client13(beta, beta.base(beta, 'echo'), 'HTTP+JSON')).sendMessage(request('mine'))
    const [got] = echo.got
    expect([got?.caller, JSON.stringify(got?.headers).includes(beta.token)]).to.deep.equal([beta.did, false])
  })
})

describe('the card of an agent', () => {
  it('has the hash that its node announces, and its signature', async () => {
    await using nodes = await twoNodes()
    const { extra } = await announcementOf(nodes)
    const [announced] = (extra['a2a'] as { agents: { name: string, card: Uint8Array, skills: string[] }[] }).agents
    const { original } = await originalOf(nodes)
    await verifyAgentCardSignature(async () => keyObjectFromDid(nodes.beta.did))(JSON.parse(original) as AgentCard)
    expect([announced?.name, announced?.skills, Buffer.from(announced?.card ?? []).toString('hex')])
      .to.deep.equal(['echo', ['repeat'], createHash('sha256').update(original).digest('hex')])
  })
})

async function announcementOf ({ beta }: Nodes) {
  const { announcement } = await (await fetch(`${beta.url}/.well-known/akshi-node`)).json() as { announcement: string }
  return openAnnouncement(Buffer.from(announcement, 'base64'), 'default').announcement
}

/** The card as it goes over the mesh. */
async function originalOf ({ beta }: Nodes) {
  const identity = await readIdentity(homePaths(beta.home).key)
  return { original: (await call(beta.port, '/mesh/v1/a2a/echo/card', { as: identity })).bytes.toString() }
}
