import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Message, StreamResponse, Task } from '@a2a-js/sdk'
import { definePlugin, MeshError, NoConfig, type Did, type Plugin } from '@akshi/core'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { A2aNode } from './support/a2a-node.ts'
import { answerOf, client03, client13, kindsOf, params, request, request03, rpc } from './support/clients.ts'
import { EchoAgent, textOf } from './support/echo-agent.ts'
import { echoCard, met, twoNodes, type TwoNodesOptions } from './support/two-nodes.ts'
import { until } from './support/until.ts'

const [submitted, completed, failed, canceled, inputRequired] = [1, 3, 4, 5, 6]

/** Alpha knows beta and its agent; beta is away, and comes back with `back`. */
async function apart (options: TwoNodesOptions = {}) {
  const mesh = await twoNodes(options)
  const { alpha, beta } = mesh
  const base = alpha.base(beta, 'echo')
  const [client, old] = options.allow === undefined ? [await client13(alpha, base), await client03(alpha, base)] : [] as never
  await beta.stop()
  const back = async () => { await beta.start({ ...options.beta, peers: [{ did: alpha.did, port: alpha.port }] }) }
  /** The task once it rests. */
  const rested = async (id: string, tenant = ''): Promise<Task> => {
    let task = await client.getTask({ id, tenant })
    await until(async () => {
      task = await client.getTask({ id, tenant })
      return ![submitted, 2].includes(Number(task.status?.state))
    })
    return task
  }
  const queue = async (text: string, more: { readonly messageId?: string, readonly taskId?: string } = {}) => await client.sendMessage(request(text, { ...more, returnImmediately: true })) as Task
  return { ...mesh, base, client, old, back, rested, queue }
}

const stateOf = (result: Message | Task) => 'status' in result ? result.status?.state : undefined
const saidBy = ({ status }: Task) => textOf(status?.message?.parts ?? [])

describe('messages to an agent whose node is away', () => {
  it('wait, are shown, and are given to it in their order when it is back; the task of each says what came of it', async () => {
    await using mesh = await apart()
    const { alpha, beta, echo, back, queue, rested } = mesh
    const tasks: Task[] = []
    for (let n = 0; n < 30; n++) tasks.push(await queue(`message ${n}`))
    const { tasks: shown } = await alpha.api<{ tasks: readonly { to: string, status: string, input: string, queued_until?: string }[] }>('/a2a/tasks')
    expect([tasks.every((task) => stateOf(task) === submitted), shown.length, shown.every(({ to, status, queued_until: time }) => to === `echo@${beta.did}` && status === 'pending' && Date.parse(time ?? '') > Date.now()), shown[0]?.input])
      .to.deep.equal([true, 30, true, 'message 29'])
    await back()
    const outcomes = []
    for (const { id } of tasks) outcomes.push(answerOf(await rested(id)))
    const texts = Array.from({ length: 30 }, (_, n) => `message ${n}`)
    expect([outcomes, echo.got.map(({ text }) => text), new Set(echo.got.map(({ caller }) => caller))]).to.deep.equal([texts, texts, new Set([alpha.did])])
    await until(async () => (await alpha.api<{ tasks: readonly { status: string, output: string, queued_until?: string }[] }>('/a2a/tasks')).tasks.every(({ status, output, queued_until: time }) => status === 'completed' && output.startsWith('message') && time === undefined))
  })

  it('may be waited for by a client that knows nothing of queues: sent, streamed, in A2A 1.0 and 0.3', async () => {
    await using mesh = await apart()
    const { client, old, back, echo } = mesh
    const stream = client.sendMessageStream(request('streamed'))
    const first = await stream.next()
    const calls = [client.sendMessage(request('sent')), client.sendMessage(request('say'))]
    const legacy = old.sendMessage(request03('old'))
    await until(async () => (await mesh.alpha.api<{ tasks: readonly { queued_until?: string }[] }>('/a2a/tasks')).tasks.filter(({ queued_until: time }) => time !== undefined).length === 4)
    await back()
    const [sent, said] = await Promise.all(calls)
    const answer = await legacy
    expect([first.value?.payload?.$case, (await kindsOf(stream)).slice(-2), answerOf(sent as Task), answerOf(said as Message)]).to.deep.equal(['task', ['artifactUpdate', completed], 'sent', 'said'])
    expect(['result' in answer && 'status' in answer.result && answer.result.status.state, echo.got.map(({ text }) => text).sort()]).to.deep.equal(['completed', ['old', 'say', 'sent', 'streamed']])
  })

  it('that come again join the one that waits; with other content they are refused', async () => {
    await using mesh = await apart()
    const { queue, back, rested, echo, alpha, base } = mesh
    const [one, two] = [await queue('once', { messageId: 'same' }), await queue('once', { messageId: 'same' })]
    const other = await rpc(alpha, base, 'SendMessage', params('other', 'same', { returnImmediately: true }))
    await back()
    await rested(one.id)
    const three = await queue('once', { messageId: 'same' })
    expect([two.id, three.id, stateOf(three), other.body.error?.code, echo.got.length]).to.deep.equal([one.id, one.id, completed, -32602, 1])
  })

  it('do not reach the agent when they were canceled before', async () => {
    await using mesh = await apart()
    const { client, queue, back, rested, echo } = mesh
    const [unwanted, wanted] = [await queue('unwanted'), await queue('wanted')]
    const answer = await client.cancelTask({ id: unwanted.id, tenant: '', metadata: undefined })
    await back()
    await rested(wanted.id)
    expect([stateOf(answer), stateOf(await rested(unwanted.id)), echo.got.map(({ text }) => text)]).to.deep.equal([canceled, canceled, ['wanted']])
    expect(await client.cancelTask({ id: unwanted.id, tenant: '', metadata: undefined }).then(() => '', (error: Error) => error.name)).to.equal('TaskNotCancelableError')
  })

  it('are canceled at their agent when it has begun', async () => {
    await using mesh = await apart()
    const { client, queue, back, echo } = mesh
    const { id } = await queue('wait')
    await back()
    await echo.waiting()
    await until(async () => (await client.getTask({ id, tenant: '' })).status?.state !== submitted)
    expect(stateOf(await client.cancelTask({ id, tenant: '', metadata: undefined }))).to.equal(canceled)
  })

  it('may be answered by a question: the reply goes into the same task', async () => {
    await using mesh = await apart()
    const { queue, back, rested, client, echo } = mesh
    const { id } = await queue('ask')
    await back()
    const asked = await rested(id)
    const reply = await client.sendMessage(request('the reply', { taskId: id })) as Task
    expect([stateOf(asked), reply.id, stateOf(reply), answerOf(reply), echo.got.length]).to.deep.equal([inputRequired, id, completed, 'the reply', 2])
  })

  it('can be followed from the middle', async () => {
    await using mesh = await apart()
    const { client, queue, back, echo } = mesh
    const { id } = await queue('wait')
    const events: StreamResponse[] = []
    const following = (async () => { for await (const event of client.resubscribeTask({ id, tenant: '' })) events.push(event) })()
    await until(() => events.length === 1)
    await back()
    await echo.waiting()
    echo.goOn()
    await following
    expect(events.at(-1)?.payload).to.deep.include({ $case: 'statusUpdate' })
    expect((events.at(-1)?.payload?.value as { status?: { state: number } }).status?.state).to.equal(completed)
  })

  it('fail with the reason when the node does not let them in', async () => {
    await using mesh = await apart({ allow: ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'] })
    const { alpha, beta, back } = mesh
    const failureOf = async (agent: string) => {
      const base = alpha.base(beta, agent)
      const id = (await rpc(alpha, base, 'SendMessage', params('x', `to-${agent}`, { returnImmediately: true }))).body.result?.task?.id
      return async () => (await rpc(alpha, base, 'GetTask', { id })).body.result as unknown as { readonly status: { readonly state: string, readonly message?: { readonly parts: readonly { readonly text: string }[] } } }
    }
    const asks = [await failureOf('echo'), await failureOf('nobody')]
    await back()
    const said: unknown[] = []
    for (const ask of asks) {
      await until(async () => (await ask()).status.state !== 'TASK_STATE_SUBMITTED')
      const { status } = await ask()
      said.push([status.state, status.message?.parts[0]?.text])
    }
    expect(said).to.deep.equal([['TASK_STATE_FAILED', `Agent "echo" does not take messages from ${alpha.did}.`], ['TASK_STATE_FAILED', `Node ${beta.did} has no agent "nobody" that takes messages.`]])
  })

  it('fail when their time is over, and are not sent any more', async () => {
    await using mesh = await apart({ alpha: { a2a: { queue_hours: 0.0003 } } })
    const { queue, rested, back, echo, alpha, beta } = mesh
    const { id } = await queue('late')
    const task = await rested(id)
    await back()
    await met(alpha, beta)
    expect([stateOf(task), saidBy(task).startsWith('The agent\'s node was not met in time'), echo.got.length]).to.deep.equal([failed, true, 0])
  }).timeout(30_000)

  it('are refused at once with queue_hours = 0, and when they are too large to be carried', async () => {
    await using off = await apart({ alpha: { a2a: { queue_hours: 0 } } })
    await using on = await apart()
    const answers = [await rpc(off.alpha, off.base, 'SendMessage', params('x')), await rpc(on.alpha, on.base, 'SendMessage', params('x'.repeat(800_000)))]
    expect(answers.map(({ status, retryAfter, body }) => [status, retryAfter, body.error?.code])).to.deep.equal([[503, '5', -32603], [503, '5', -32603]])
  })

  it('are on disk before the client has its answer, and readable by their owner alone', async () => {
    await using mesh = await apart()
    const { alpha, queue } = mesh
    const { id } = await queue('kept')
    const folder = join(alpha.home, 'a2a')
    const [file = ''] = (await readdir(folder)).filter((name) => name.includes('queue'))
    expect((await readFile(join(folder, file), 'utf8')).includes(id)).to.equal(true)
  })
})

/** Calls and links to these nodes do not get through, as if they were on a network that this one cannot reach. */
function wall (others: () => readonly Did[]): Plugin {
  return definePlugin({
    name: 'wall',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ hooks, peerCalls }) => {
      hooks.selectTransport.tap('wall', (choices, { did }) => others().includes(did) ? [] : choices)
      const call = peerCalls.call.bind(peerCalls)
      peerCalls.call = async (did, ...rest) => {
        if (others().includes(did)) throw new MeshError('MESH_PEER_UNREACHABLE', 'there is a wall')
        return await call(did, ...rest)
      }
      return {}
    }
  })
}

describe('messages between nodes that meet the same third one only', () => {
  it('go through that, sealed; it need not have the plugin', async () => {
    await using folder = await temporaryFolder()
    const [alpha, beta, relay] = await Promise.all(['alpha', 'beta', 'relay'].map((name) => A2aNode.make(folder.path, name))) as [A2aNode, A2aNode, A2aNode]
    const seen: Buffer[] = []
    const spy: Plugin = definePlugin({
      name: 'spy',
      apiVersion: 1,
      config: NoConfig,
      setup: ({ hooks }) => {
        hooks.beforeEnvelopeSend.tap('spy', (envelope) => { if (envelope.kind === 'a2a') seen.push(Buffer.from(envelope.bytes)) })
        return {}
      }
    })
    const echo = new EchoAgent()
    beta.a2a.registerAgent('echo', echoCard, echo)
    await relay.start({ peers: [alpha, beta].map(({ did }) => ({ did })), plugins: [{ plugin: spy as never, config: {} }] })
    await beta.start({ peers: [{ did: relay.did, port: relay.port }, { did: alpha.did }], plugins: [{ plugin: wall(() => [alpha.did]) as never, config: {} }] })
    await alpha.start({ peers: [{ did: relay.did, port: relay.port }, { did: beta.did }], plugins: [{ plugin: wall(() => [beta.did]) as never, config: {} }] })
    try {
      await met(alpha, beta)
      const { body } = await rpc(alpha, alpha.base(beta, 'echo'), 'SendMessage', params('a word in private'))
      expect([body.result?.task?.status.state, body.result?.task?.artifacts?.[0]?.parts[0]?.text, echo.got.map(({ caller, text }) => [caller, text])])
        .to.deep.equal(['TASK_STATE_COMPLETED', 'a', [[alpha.did, 'a word in private']]])
      expect([seen.length >= 2, seen.filter((bytes) => bytes.includes('private') || bytes.includes('echo')).length]).to.deep.equal([true, 0])
    } finally {
      await Promise.all([alpha, beta, relay].map((node) => node.stop()))
    }
  })
})
