import { expect } from 'chai'
import { call } from '../plugin-http/client.ts'
import type { A2aNode } from './support/a2a-node.ts'
import { answerOf, client03, client13, curl, kindsOf, request, request03 } from './support/clients.ts'
import { twoNodes } from './support/two-nodes.ts'

const [completed, canceled] = [3, 5] as const

/** Ids of the completed tasks, page by page, each on a connection of its own: kept ones may be closed under a client that is busy. */
async function endedTasks (node: A2aNode, base: string, atMost: number): Promise<string[]> {
  const ids: string[] = []
  for (let pageToken = ''; ids.length <= atMost;) {
    const path = `${new URL(base).pathname}rest/tasks?pageSize=100&status=TASK_STATE_COMPLETED&pageToken=${pageToken}`
    const answer = (await call(node.port, path, { headers: { authorization: `Bearer ${node.token}`, 'a2a-version': '1.0' } })).json() as { tasks: { id: string }[], nextPageToken: string }
    ids.push(...answer.tasks.map(({ id }) => id))
    pageToken = answer.nextPageToken
    if (pageToken === '') break
  }
  return ids
}

describe('A2A clients reach an agent of another node through their own', () => {
  let nodes: Awaited<ReturnType<typeof twoNodes>>
  let base: string
  before(async () => {
    nodes = await twoNodes()
    base = nodes.alpha.base(nodes.beta, 'echo')
  })
  after(() => nodes[Symbol.asyncDispose]())

  for (const binding of ['JSONRPC', 'HTTP+JSON'] as const) {
    describe(`SDK 1.3 over ${binding}`, () => {
      const connect = () => client13(nodes.alpha, base, binding)

      it('sends a message and gets the task', async () => {
        const client = await connect()
        expect([client.transport.protocolName, answerOf(await client.sendMessage(request('hello you')))]).to.deep.equal([binding, 'hello you'])
      })

      it('sends a message and gets a message', async () => {
        expect(answerOf(await (await connect()).sendMessage(request('say')))).to.equal('said')
      })

      it('streams, event by event', async () => {
        expect(await kindsOf((await connect()).sendMessageStream(request('a b')))).to.deep.equal(['task', 'artifactUpdate', 'artifactUpdate', completed])
      })

      it('gets, lists and cancels tasks', async () => {
        const client = await connect()
        const task = await client.sendMessage(request('wait', { returnImmediately: true }))
        if (!('status' in task)) throw new Error('no task')
        await nodes.echo.waiting()
        const { status } = await client.cancelTask({ tenant: '', id: task.id, metadata: undefined })
        const got = await client.getTask({ tenant: '', id: task.id })
        const { tasks } = await client.listTasks({ tenant: '', contextId: task.contextId, status: 0, pageToken: '', statusTimestampAfter: undefined })
        expect([status?.state, got.status?.state, tasks.map(({ id }) => id)]).to.deep.equal([canceled, canceled, [task.id]])
      })

      it('leaves a stream, and takes the task up again', async () => {
        const client = await connect()
        const stream = client.sendMessageStream(request('wait'))
        const { value } = await stream.next()
        const id = value?.payload?.$case === 'task' ? value.payload.value.id : ''
        await stream.return()
        const kinds: unknown[] = []
        for await (const { payload } of client.resubscribeTask({ tenant: '', id })) {
          kinds.push(payload?.$case)
          if (kinds.length === 1) await nodes.echo.waiting().then(() => nodes.echo.goOn())
        }
        expect(kinds).to.deep.equal(['task', 'artifactUpdate', 'statusUpdate'])
      })

      it('goes on with a task that wants more', async () => {
        const client = await connect()
        const first = await client.sendMessage(request('ask'))
        if (!('status' in first)) throw new Error('no task')
        const second = await client.sendMessage(request('more', { taskId: first.id }))
        expect(['id' in second && second.id, answerOf(second)]).to.deep.equal([first.id, 'more'])
      })

      it('gets the errors of the agent as errors of A2A', async () => {
        const call = (await connect()).getTask({ tenant: '', id: 'nobody' })
        expect(await call.then(() => '', (error: Error) => error.name)).to.equal('TaskNotFoundError')
      })
    })
  }

  describe('SDK 0.3.14', () => {
    it('sends, streams, asks and cancels', async () => {
      const client = await client03(nodes.alpha, base)
      const sent = await client.sendMessage(request03('hello')) as { result: { id: string, artifacts: unknown } }
      const kinds: string[] = []
      for await (const event of client.sendMessageStream(request03('a b'))) kinds.push(event.kind)
      const waiting = await client.sendMessage({ ...request03('wait'), configuration: { blocking: false } }) as { result: { id: string } }
      await nodes.echo.waiting()
      const ended = await client.cancelTask({ id: waiting.result.id }) as { result: { status: { state: string } } }
      const got = await client.getTask({ id: sent.result.id }) as { result: { status: { state: string } } }
      expect([sent.result.artifacts, kinds, ended.result.status.state, got.result.status.state]).to.deep.equal([
        [{ artifactId: 'echo', parts: [{ kind: 'text', text: 'hello' }] }], ['task', 'artifact-update', 'artifact-update', 'status-update'], 'canceled', 'completed'
      ])
    })

    it('takes a task up again', async () => {
      const client = await client03(nodes.alpha, base)
      const { result: { id } } = await client.sendMessage({ ...request03('wait'), configuration: { blocking: false } }) as { result: { id: string } }
      await nodes.echo.waiting()
      const states: unknown[] = []
      for await (const event of client.resubscribeTask({ id })) {
        if (event.kind === 'task') nodes.echo.goOn()
        if (event.kind === 'status-update') states.push(event.status.state)
      }
      expect(states).to.deep.equal(['completed'])
    })
  })

  describe('curl', () => {
    const send = (text: string) => JSON.stringify({ message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }] } })
    const post = (path: string, body: string, ...more: string[]) => curl('-H', `Authorization: Bearer ${nodes.alpha.token}`, '-H', 'A2A-Version: 1.0', '-H', 'Content-Type: application/json', ...more, '-d', body, base + path)

    it('sends by REST and by JSON-RPC, and streams', async () => {
      const rest = JSON.parse(await post('rest/message:send', send('hi'))) as { task: { status: { state: string } } }
      const rpc = JSON.parse(await post('rpc', `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":${send('hi')}}`)) as { id: number, result: { task: { status: { state: string } } } }
      const stream = (await post('rest/message:stream', send('hi'), '-N')).split('\n').filter((line) => line.startsWith('data:')).map((line) => Object.keys(JSON.parse(line.slice(5)) as object)[0])
      expect([rest.task.status.state, rpc.id, rpc.result.task.status.state, stream]).to.deep.equal(['TASK_STATE_COMPLETED', 1, 'TASK_STATE_COMPLETED', ['task', 'artifactUpdate', 'statusUpdate']])
    })

    it('is refused without the token', async () => {
      expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '-d', send('hi'), `${base}rest/message:send`)).to.equal('401')
    })
  })

  it('with a message of 5 MB', async () => {
    const client = await client13(nodes.alpha, base)
    expect(answerOf(await client.sendMessage(request('x'.repeat(5_000_000))))).to.equal('5000000 characters')
  })

  it('many at the same time', async function () {
    this.timeout(120_000)
    const count = process.env['SOAK'] === '1' ? 1_000 : 100
    const client = await client13(nodes.alpha, base)
    const begun = await Promise.all(Array.from({ length: count }, () => client.sendMessage(request('wait', { returnImmediately: true }))))
    await nodes.echo.waiting(count)
    const quick = await Promise.all(Array.from({ length: count }, (_, index) => client.sendMessage(request(`task ${index}`))))
    nodes.echo.goOn()
    const ended = new Set(await endedTasks(nodes.alpha, base, nodes.echo.got.length))
    expect([begun.filter((task) => !('status' in task && ended.has(task.id))), quick.map(answerOf)]).to.deep.equal([[], Array.from({ length: count }, (_, index) => `task ${index}`)])
  })

  it('shows the agent nothing of the client but the DID of its node', async () => {
    nodes.echo.got.length = 0
    const client = await client13(nodes.alpha, base)
    await client.sendMessage(request('hello'), { serviceParameters: { cookie: 'akshi_dashboard_token=secret', 'x-api-key': 'secret', 'x-akshi-peer': nodes.beta.did } })
    const [got] = nodes.echo.got
    expect([got?.caller, JSON.stringify(got?.headers).includes('secret'), JSON.stringify(got?.headers).includes(nodes.alpha.token)]).to.deep.equal([nodes.alpha.did, false, false])
  })
})
