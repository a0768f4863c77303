import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { createIdentity } from '@akshi/core'
import { Folder } from '../cli/support/command.ts'
import { A2aNode } from './support/a2a-node.ts'
import { EchoAgent } from './support/echo-agent.ts'
import { echoCard } from './support/two-nodes.ts'
import { until } from './support/until.ts'

describe('akshi agents and akshi a2a', () => {
  let folder: Folder
  let node: A2aNode
  const echo = new EchoAgent()
  before(async () => {
    folder = await Folder.create()
    node = await A2aNode.make(folder.path, 'alpha')
    node.a2a.registerAgent('echo', echoCard, echo)
    await node.start()
  })
  after(async () => {
    await node.stop()
    await folder[Symbol.asyncDispose]()
  })
  const akshi = (argv: readonly string[], options = {}) => folder.akshi([...argv, '--home', node.home], options)

  it('show who can do what', async () => {
    const [all, none] = [await akshi(['agents', '--skill', 'repeat']), await akshi(['agents', '--skill', 'dance'])]
    expect([all.code, all.stdout, none.stdout]).to.deep.equal([0, `echo@alpha\n  skills repeat\n  node   ${node.did}\n  url    ${node.base(node, 'echo')}\n`, 'no agent has the skill dance\n'])
  })

  it('send text and files, and print the answer', async () => {
    await writeFile(`${folder.path}/note.txt`, 'x'.repeat(1_000))
    const [text, file] = [await akshi(['a2a', 'send', 'echo', 'hello', 'you']), await akshi(['a2a', 'send', 'echo@alpha', 'size', '--file', 'note.txt'])]
    expect([text, file.code, Number(file.stdout) > 1_000]).to.deep.equal([{ code: 0, stdout: 'hello you\n', stderr: '' }, 0, true])
  })

  it('say why a task failed, and where an agent is missing', async () => {
    const [failed, missing, empty] = [await akshi(['a2a', 'send', 'echo', 'throw']), await akshi(['a2a', 'send', 'nobody', 'x']), await akshi(['a2a', 'send', 'echo'])]
    expect([failed.code, failed.stderr.includes('The agent failed: as told'), missing.code, missing.stderr.includes('akshi agents'), empty.code]).to.deep.equal([1, true, 9, true, 2])
  })

  it('say that a message waits whose node is away, and until when', async () => {
    const away = createIdentity().did
    await using lone = await A2aNode.make(folder.path, 'lone')
    await lone.start({ peers: [{ did: away }] })
    const run = (argv: readonly string[], options = {}) => folder.akshi([...argv, '--home', lone.home], options)
    const stop = new AbortController()
    const sending = run(['a2a', 'send', `planner@${away}`, 'two days'], { stop: stop.signal })
    await until(async () => /two days => waits for its node until 20\d\d-/.test((await run(['a2a', 'tasks'])).stdout))
    stop.abort()
    expect((await sending).stderr).to.include('Ctrl-C stops waiting, not the message')
  })

  it('show tasks, one after the other or as they change', async () => {
    const stop = new AbortController()
    const tail = akshi(['a2a', 'tail', '--json'], { stop: stop.signal, onOutput: (text: string) => { if (text.includes('task_completed')) stop.abort() } })
    const sent = JSON.parse((await akshi(['a2a', 'send', 'echo', 'followed', '--json'])).stdout) as { id: string }
    let sending = 0
    while (!stop.signal.aborted && sending++ < 50) await akshi(['a2a', 'send', 'echo', 'again'])
    const { code, stdout } = await tail
    const list = JSON.parse((await akshi(['a2a', 'tasks', sent.id, '--json'])).stdout) as { tasks: { input: string, status: string }[] }
    expect([code, stdout.includes('"type":"task_completed"'), list.tasks.map(({ input, status }) => [input, status])]).to.deep.equal([0, true, [['followed', 'completed']]])
  })
})
