import { readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { A2aNode } from './support/a2a-node.ts'
import { answerOf, client13, kindsOf, params, request, rpc } from './support/clients.ts'
import { NodeProcess } from './support/node-process.ts'
import { twoNodes } from './support/two-nodes.ts'

const completed = 3

describe('a message', () => {
  let nodes: Awaited<ReturnType<typeof twoNodes>>
  before(async () => { nodes = await twoNodes() })
  beforeEach(() => { nodes.echo.got.length = 0 })
  after(() => nodes[Symbol.asyncDispose]())
  const connect = () => client13(nodes.alpha, nodes.alpha.base(nodes.beta, 'echo'))

  it('that comes again while the agent works joins the work, sent or streamed', async () => {
    const client = await connect()
    const message = request('wait')
    const calls = [client.sendMessage(message), client.sendMessage(message)]
    await nodes.echo.waiting()
    const stream = client.sendMessageStream(message)
    const first = await stream.next()
    nodes.echo.goOn()
    const rest = await kindsOf(stream)
    const results = await Promise.all(calls)
    expect([nodes.echo.got.length, results.map(answerOf), new Set(results.map((task) => 'id' in task && task.id)).size, first.value?.payload?.$case, rest.at(-1)])
      .to.deep.equal([1, ['wait', 'wait'], 1, 'task', completed])
  })

  it('that comes again afterwards gets what came of it: a task, a stream of it, or a message', async () => {
    const client = await connect()
    const [message, say] = [request('hello'), request('say')]
    const results = [await client.sendMessage(message), await client.sendMessage(message), await client.sendMessage(say), await client.sendMessage(say)]
    const streams = [await kindsOf(client.sendMessageStream(message)), await kindsOf(client.sendMessageStream(say))]
    expect([nodes.echo.got.length, results.map(answerOf), streams]).to.deep.equal([2, ['hello', 'hello', 'said', 'said'], [['task'], ['message']]])
  })

  it('with the id of another one is refused', async () => {
    const base = nodes.alpha.base(nodes.beta, 'echo')
    await rpc(nodes.alpha, base, 'SendMessage', params('one', 'same-id'))
    const { body } = await rpc(nodes.alpha, base, 'SendMessage', params('two', 'same-id'))
    expect([nodes.echo.got.length, body.error?.code]).to.deep.equal([1, -32602])
  })

  it('of another caller with the same id is another one', async () => {
    for (const node of [nodes.alpha, nodes.beta]) await rpc(node, node.base(nodes.beta, 'echo'), 'SendMessage', params('one', 'shared-id'))
    expect(nodes.echo.got.map(({ caller }) => caller)).to.deep.equal([nodes.alpha.did, nodes.beta.did])
  })

  it('that was refused before the agent got it can be sent again', async () => {
    const client = await connect()
    const bad = await client.sendMessage(request('more', { messageId: 'again', taskId: 'nobody' })).then(() => '', (error: Error) => error.name)
    await client.sendMessage(request('fine', { messageId: 'again' }))
    expect([bad, nodes.echo.got.map(({ text }) => text)]).to.deep.equal(['TaskNotFoundError', ['fine']])
  })

  it('whose agent throws is a failed task, with the reason', async () => {
    const { body } = await rpc(nodes.alpha, nodes.alpha.base(nodes.beta, 'echo'), 'SendMessage', params('throw'))
    expect([body.result?.task?.status.state, body.result?.task?.status.message?.parts]).to.deep.equal(['TASK_STATE_FAILED', [{ text: 'The agent failed: as told', mediaType: 'text/plain' }]])
  })
})

describe('a node that stops and starts again', () => {
  it('has its tasks, and knows which messages it had', async () => {
    await using folder = await temporaryFolder()
    const lives = []
    for (const life of [1, 2]) {
      await using node = await A2aNode.make(folder.path, 'solo')
      const calls: string[] = []
      node.a2a.registerAgent('calls', {}, {
        execute: async ({ taskId, contextId, userMessage }, bus) => {
          calls.push(userMessage.messageId)
          bus.publish({ kind: 'task', data: { id: taskId, contextId, status: { state: completed, message: undefined, timestamp: '2026-01-01T00:00:00Z' }, artifacts: [], history: [], metadata: undefined } })
        },
        cancelTask: async () => {}
      })
      await node.start()
      const base = node.base(node, 'calls')
      const { body } = await rpc(node, base, 'SendMessage', params('hello', 'the-one'))
      const got = await rpc(node, base, 'GetTask', { id: body.result?.task?.id })
      lives.push({ life, calls, id: body.result?.task?.id, found: got.body.error === undefined })
    }
    expect(lives.map(({ life, calls, found }) => [life, calls, found])).to.deep.equal([[1, ['the-one'], true], [2, [], true]])
    expect(lives[0]?.id).to.equal(lives[1]?.id)
  })
})

/** Notes each message in a file; at the first it ends its process, as `kill -9` does. */
const mortal = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
const file = new URL('./got.txt', import.meta.url)
export default {
  async execute ({ taskId, contextId, userMessage, task }, bus) {
    const isFirst = !existsSync(file)
    appendFileSync(file, userMessage.messageId + '\\n')
    if (isFirst) process.kill(process.pid, 'SIGKILL')
    const status = { state: 3, timestamp: new Date().toISOString() }
    bus.publish({ kind: 'task', data: { id: taskId, contextId, status, artifacts: [], history: task?.history ?? [userMessage] } })
  },
  async cancelTask () {}
}
`

describe('a node that is killed when it has given a message to its agent', () => {
  for (const idempotent of [false, true]) {
    it(idempotent ? 'gives it again to an idempotent agent, and its task ends' : 'does not give it again: the task has failed and says why', async () => {
      await using folder = await temporaryFolder()
      const home = (await A2aNode.make(folder.path, 'solo')).home
      await writeFile(`${home}/mortal.mjs`, mortal)
      const toml = `[[agents]]\nname = "mortal"\nmodule = "./mortal.mjs"\nidempotent = ${idempotent}`
      const { did } = await A2aNode.make(folder.path, 'solo')
      const first = await NodeProcess.start(folder.path, 'solo', toml)
      const lost = rpc(first, `${first.url}/a2a/${did}/mortal/`, 'SendMessage', params('die', 'fatal')).then(() => 'answered', () => 'lost')
      await first.ended()
      const second = await NodeProcess.start(folder.path, 'solo', toml)
      const { body } = await rpc(second, `${second.url}/a2a/${did}/mortal/`, 'SendMessage', params('die', 'fatal'))
      await second.kill()
      const got = await readFile(`${home}/got.txt`, 'utf8')
      const { state, message } = body.result?.task?.status ?? { state: 'none' }
      expect([await lost, got, state, message?.parts[0]?.text.startsWith('Interrupted')]).to.deep.equal(idempotent
        ? ['lost', 'fatal\nfatal\n', 'TASK_STATE_COMPLETED', undefined]
        : ['lost', 'fatal\n', 'TASK_STATE_FAILED', true])
    }).timeout(60_000)
  }
})
