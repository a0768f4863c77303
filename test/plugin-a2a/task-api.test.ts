import { expect } from 'chai'
import { answerOf, client03, client13, request, request03 } from './support/clients.ts'
import { twoNodes } from './support/two-nodes.ts'
import { until } from './support/until.ts'
import type { A2aNode } from './support/a2a-node.ts'

interface View { readonly id: string, readonly from: string, readonly to: string, readonly status: string, readonly state: string, readonly input: string, readonly output: string, readonly created_at: string, readonly completed_at?: string, readonly error?: string }

const tasksOf = async (node: A2aNode) => (await node.api<{ tasks: View[] }>('/a2a/tasks')).tasks

interface Heard { readonly id: string | undefined, readonly type: string | undefined, readonly status: string }

/** Resolves when the node listens to this listener; the result gives its events up to the first of a type, or all until the end. */
async function listen (node: A2aNode, path: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  const response = await node.fetch(`${node.url}/api/v1${path}`, { signal: stop.signal, headers })
  return async (last?: string): Promise<Heard[]> => {
    const events: Heard[] = []
    let text = ''
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (text + piece).split('\n\n')
      text = blocks.pop() ?? ''
      events.push(...blocks.filter((block) => block.includes('data:')).map(readEvent))
      if (!events.some(({ type }) => type === last)) continue
      stop.abort()
      return events.slice(0, events.findIndex(({ type }) => type === last) + 1)
    }
    return events
  }
}

function readEvent (block: string): Heard {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  return { id: field('id'), type: field('event'), status: (JSON.parse(field('data') ?? '{}') as View).status }
}

describe('the task API', () => {
  let nodes: Awaited<ReturnType<typeof twoNodes>>
  before(async () => { nodes = await twoNodes() })
  after(() => nodes[Symbol.asyncDispose]())

  it('lists agents of this node and of trusted ones, by skill', async () => {
    const list = async (query: string) => (await nodes.alpha.api<{ agents: { name: string, did: string, node: { name: string }, skills: string[], url: string }[] }>(`/a2a/agents${query}`)).agents
    expect([await list('?skill=repeat'), await list('?skill=dance')]).to.deep.equal([
      [{ name: 'echo', did: nodes.beta.runtime.identity.agentDid('echo'), node: { did: nodes.beta.did, name: 'beta' }, skills: ['repeat'], url: nodes.alpha.base(nodes.beta, 'echo') }], []
    ])
  })

  it('sends text to an agent, and both nodes show the task', async () => {
    const sent = await nodes.alpha.api<View>('/a2a/tasks', { to: 'echo', input: 'hello you' })
    await until(async () => (await nodes.alpha.api<View>(`/a2a/tasks/${sent.id}`)).status === 'completed')
    const { from, to, status, input, output, completed_at: at } = await nodes.alpha.api<View>(`/a2a/tasks/${sent.id}`)
    const [there] = await tasksOf(nodes.beta)
    const expected = { from: nodes.alpha.did, to: `echo@${nodes.beta.did}`, status: 'completed', input: 'hello you', output: 'hello you' }
    expect([sent.status, { from, to, status, input, output }, typeof at, there && { from: there.from, to: there.to, status: there.status, input: there.input, output: there.output }]).to.deep.equal(['pending', expected, 'string', expected])
  })

  it('shows an answer that is no task, at both nodes', async () => {
    const { id } = await nodes.alpha.api<View>('/a2a/tasks', { to: 'echo', input: 'say' })
    await until(async () => (await nodes.alpha.api<View>(`/a2a/tasks/${id}`)).status === 'completed')
    await until(async () => (await tasksOf(nodes.beta)).some(({ input, status, output }) => input === 'say' && status === 'completed' && output === 'said'))
  })

  it('says who is meant: by name, DID, or not at all', async () => {
    const send = (to: string) => nodes.alpha.api<{ error?: string }>('/a2a/tasks', { to, input: 'x' })
    expect([(await send('echo@beta')).error, (await send(`echo@${nodes.beta.did}`)).error, (await send('echo@gamma')).error, (await send('nobody')).error])
      .to.deep.equal([undefined, undefined, 'MESH_PEER_UNKNOWN', 'MESH_PEER_UNKNOWN'])
  })

  it('shows what clients send through the gateway, by 1.0 and 0.3, as message, stream and polled', async () => {
    const base = nodes.alpha.base(nodes.beta, 'echo')
    const [client, old] = [await client13(nodes.alpha, base), await client03(nodes.alpha, base)]
    const latest = async () => (await tasksOf(nodes.alpha))[0]
    const shown = async (call: Promise<unknown>) => {
      await call
      const task = await latest()
      return [task?.input, task?.status, task?.output]
    }
    const drain = async (stream: AsyncIterable<unknown>) => { while ((await stream[Symbol.asyncIterator]().next()).done !== true); }
    const polled = await client.sendMessage(request('wait', { returnImmediately: true }))
    await nodes.echo.waiting()
    const before = (await latest())?.status
    nodes.echo.goOn()
    await until(async () => answerOf(await client.getTask({ tenant: '', id: 'id' in polled ? polled.id : '' })) === 'wait')
    await until(async () => (await latest())?.status === 'completed')
    expect([before, await shown(client.sendMessage(request('one'))), await shown(drain(client.sendMessageStream(request('two words')))), await shown(client.sendMessage(request('say'))), await shown(old.sendMessage(request03('old')))])
      .to.deep.equal(['running', ['one', 'completed', 'one'], ['two words', 'completed', 'two words'], ['say', 'completed', 'said'], ['old', 'completed', 'old']])
  })

  it('shows why a message could not be sent', async () => {
    const sent = await nodes.alpha.api<View>('/a2a/tasks', { to: 'nobody@beta', input: 'x' })
    await until(async () => (await nodes.alpha.api<View>(`/a2a/tasks/${sent.id}`)).status === 'failed')
    expect((await nodes.alpha.api<View>(`/a2a/tasks/${sent.id}`)).error).to.include('has no agent "nobody"')
  })

  it('tells what happens as it happens, and again from the last event that was heard', async () => {
    const heard = await listen(nodes.alpha, '/a2a/events')
    await nodes.alpha.api('/a2a/tasks', { to: 'echo', input: 'a b' })
    const events = await heard('task_completed')
    const again = await (await listen(nodes.alpha, '/a2a/events', { 'last-event-id': events[0]?.id ?? '' }))('task_completed')
    expect([events[0]?.type, events.at(-1)?.type, again]).to.deep.equal(['task_created', 'task_completed', events.slice(1)])
  })

  it('tells of one task until it has ended', async () => {
    const { id } = await nodes.alpha.api<View>('/a2a/tasks', { to: 'echo', input: 'wait' })
    await nodes.echo.waiting()
    const heard = await listen(nodes.alpha, `/a2a/events?task=${id}`)
    nodes.echo.goOn()
    expect((await heard()).at(-1)?.status).to.equal('completed')
    expect((await (await listen(nodes.alpha, `/a2a/events?task=${id}`))()).map(({ type, status }) => [type, status])).to.deep.equal([['task_now', 'completed']])
  })

  it('is for the operator alone', async () => {
    const statuses = await Promise.all(['/api/v1/a2a/tasks', '/api/v1/a2a/agents', `/a2a/${nodes.beta.did}/echo/.well-known/agent-card.json`].map(async (path) => (await fetch(nodes.alpha.url + path)).status))
    expect(statuses).to.deep.equal([401, 401, 401])
  })
})
