import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { A2aNode } from './support/a2a-node.ts'
import { params, rpc } from './support/clients.ts'
import { NodeProcess } from './support/node-process.ts'
import { until } from './support/until.ts'

/** Notes each message in a file before it does anything; works until the file `go` is there; `die` ends its process, as `kill -9` does. */
const worker = `
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
const here = (name) => new URL(name, import.meta.url)
export default {
  async execute ({ taskId, contextId, userMessage, task }, bus) {
    appendFileSync(here('./got.txt'), userMessage.messageId + '\\n')
    if (userMessage.parts[0].content.value === 'die') process.kill(process.pid, 'SIGKILL')
    const status = (state) => ({ state, timestamp: new Date().toISOString() })
    bus.publish({ kind: 'task', data: { id: taskId, contextId, status: status(2), artifacts: [], history: task?.history ?? [userMessage] } })
    while (!existsSync(here('./go'))) await setTimeout(10)
    bus.publish({ kind: 'statusUpdate', data: { taskId, contextId, status: status(3) } })
  },
  async cancelTask () {}
}
`

/** Two nodes in processes of their own; the second has the agent. They find each other again, whichever has started last. */
class Pair implements AsyncDisposable {
  readonly #folder: TemporaryFolder
  readonly #dids: Readonly<Record<string, string>>
  readonly #running = new Map<string, NodeProcess>()

  private constructor (folder: TemporaryFolder, dids: Readonly<Record<string, string>>) {
    this.#folder = folder
    this.#dids = dids
  }

  /** Both run and have met; then the agent's node is killed, unless it is to stay. */
  static async make ({ stays = false } = {}): Promise<Pair> {
    const folder = await temporaryFolder()
    const dids: Record<string, string> = {}
    for (const name of ['alpha', 'beta']) {
      const { did, home } = await A2aNode.make(folder.path, name)
      dids[name] = did
      if (name === 'beta') await writeFile(join(home, 'worker.mjs'), worker)
    }
    const pair = new Pair(folder, dids)
    await pair.start('beta')
    await pair.start('alpha')
    await until(async () => (await (await pair.alpha.fetch(`${pair.alpha.url}/api/v1/a2a/agents`)).text()).includes('worker'))
    if (!stays) await pair.kill('beta')
    return pair
  }

  /** Where the agent's node keeps its tasks. */
  get tasksOfBeta (): string { return join(this.#folder.path, 'beta', 'a2a', 'default.jsonl') }

  get alpha (): NodeProcess { return this.#running.get('alpha') as NodeProcess }

  async start (name: 'alpha' | 'beta'): Promise<void> {
    const other = name === 'alpha' ? 'beta' : 'alpha'
    const running = this.#running.get(other)
    const place = running === undefined ? '' : `endpoint = "127.0.0.1"\ndashboard_port = ${new URL(running.url).port}\n`
    const agent = name === 'beta' ? '[[agents]]\nname = "worker"\nmodule = "./worker.mjs"\n' : ''
    this.#running.set(name, await NodeProcess.start(this.#folder.path, name, `[[mesh.peers]]\nnode_did = "${this.#dids[other]}"\n${place}${agent}`))
  }

  async kill (name: 'alpha' | 'beta'): Promise<void> {
    await this.#running.get(name)?.kill()
    this.#running.delete(name)
  }

  /** Resolves when it has ended by itself. */
  async died (name: 'alpha' | 'beta'): Promise<void> {
    await this.#running.get(name)?.ended()
    this.#running.delete(name)
  }

  async ask (method: string, body: object) {
    return (await rpc(this.alpha, `${this.alpha.url}/a2a/${this.#dids.beta}/worker/`, method, body)).body.result
  }

  async queue (text: string): Promise<string> {
    const id = (await this.ask('SendMessage', params(text, text, { returnImmediately: true })))?.task?.id
    if (id === undefined) throw new Error('the message was not taken')
    return id
  }

  async go (): Promise<void> {
    await writeFile(join(this.#folder.path, 'beta', 'go'), '')
  }

  /** Messages that the agent got, in order. */
  async got (): Promise<readonly string[]> {
    return (await readFile(join(this.#folder.path, 'beta', 'got.txt'), 'utf8').catch(() => '')).split('\n').filter(Boolean)
  }

  /** How a task stands in the end, as a client at alpha sees it. */
  async outcome (id: string): Promise<string> {
    let status: { readonly state: string, readonly message?: { readonly parts: readonly { readonly text: string }[] } } | undefined
    await until(async () => {
      status = (await this.ask('GetTask', { id }) as { readonly status?: typeof status } | undefined)?.status
      return status !== undefined && !/SUBMITTED|WORKING/.test(status.state)
    })
    return `${status?.state.replace('TASK_STATE_', '')} ${status?.message?.parts[0]?.text.split(':', 1)[0] ?? ''}`.trim()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all([this.kill('alpha'), this.kill('beta')])
    await this.#folder[Symbol.asyncDispose]()
  }
}

describe('a message on its way, when nodes are killed:', function () {
  this.timeout(60_000)

  it('the caller, before it could be brought', async () => {
    await using pair = await Pair.make()
    await pair.go()
    const ids = [await pair.queue('one'), await pair.queue('two')]
    await pair.kill('alpha')
    await pair.start('beta')
    await pair.start('alpha')
    const outcomes = [await pair.outcome(ids[0] ?? ''), await pair.outcome(ids[1] ?? '')]
    expect([outcomes, await pair.got()]).to.deep.equal([['COMPLETED', 'COMPLETED'], ['one', 'two']])
  })

  it('the caller, while the agent works, and while it is away the work ends', async () => {
    await using pair = await Pair.make()
    const id = await pair.queue('one')
    await pair.start('beta')
    await until(async () => (await pair.got()).length === 1)
    await pair.kill('alpha')
    await pair.go()
    await pair.start('alpha')
    expect([await pair.outcome(id), await pair.got()]).to.deep.equal(['COMPLETED', ['one']])
  })

  it('the agent\'s node, at the moment that the agent gets it', async () => {
    await using pair = await Pair.make()
    const [fatal, next] = [await pair.queue('die'), await pair.queue('one')]
    await pair.start('beta')
    await pair.died('beta')
    await pair.go()
    await pair.start('beta')
    expect([await pair.outcome(fatal), await pair.outcome(next), await pair.got()]).to.deep.equal(['FAILED Interrupted', 'COMPLETED', ['die', 'one']])
  })

  it('both, while the agent works', async () => {
    await using pair = await Pair.make()
    const id = await pair.queue('one')
    await pair.start('beta')
    await until(async () => (await pair.got()).length === 1)
    await Promise.all([pair.kill('alpha'), pair.kill('beta')])
    await pair.start('alpha')
    await pair.start('beta')
    expect([await pair.outcome(id), await pair.got()]).to.deep.equal(['FAILED Interrupted', ['one']])
  })

  it('the agent\'s node, when it has done the work and nobody was there to hear of it', async () => {
    await using pair = await Pair.make()
    const id = await pair.queue('one')
    await pair.start('beta')
    await until(async () => (await pair.got()).length === 1)
    await pair.kill('alpha')
    await pair.go()
    await until(async () => (await readFile(pair.tasksOfBeta, 'utf8')).includes('TASK_STATE_COMPLETED'))
    await pair.kill('beta')
    await pair.start('beta')
    await pair.start('alpha')
    expect([await pair.outcome(id), await pair.got()]).to.deep.equal(['COMPLETED', ['one']])
  })

  it('the agent\'s node, while the client waits on a call that had got through: the message is not given twice', async () => {
    await using pair = await Pair.make({ stays: true })
    const call = pair.ask('SendMessage', params('die', 'die'))
    await pair.died('beta')
    await pair.start('beta')
    const task = (await call)?.task
    expect([task?.status.state, task?.status.message?.parts[0]?.text.split(':', 1)[0], await pair.got()]).to.deep.equal(['TASK_STATE_FAILED', 'Interrupted', ['die']])
  })
})
