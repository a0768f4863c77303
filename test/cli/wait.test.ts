import { createIdentity, type Convergence } from '@akshi/core'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { answerOf, peerOf } from './support/convergence-answer.ts'
import { FakeNode } from './support/fake-node.ts'
import { StepClock } from './support/step-clock.ts'

const { did } = createIdentity()

function convergence (converged: boolean): Convergence {
  return answerOf({
    local_seq: 1,
    peers: [peerOf({ peer_id: did, name: 'beta', acked_seq: 1, lag: converged ? 0 : 2, converged })],
    converged,
    heads: ['abcdef0123'],
    reason: converged ? 'all have the same' : 'beta lacks 2'
  })
}

describe('akshi wait', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  /** A node that converges at its `from`th answer and has `entries` entries. */
  const startNode = (from: number, entries = 5) => {
    let asked = 0
    return FakeNode.start(`${folder.path}/.akshi`, ({ path }) => path.startsWith('/api/v1/journals')
      ? { body: [{ name: 'a', entries, heads: [], origins: [] }, { name: 'b', entries: 1, heads: [], origins: [] }] }
      : { body: convergence(++asked >= from) })
  }

  it('returns when the node says that all have the same', async () => {
    await using node = await startNode(3)
    const clock = new StepClock()
    const waiting = folder.akshi(['wait', '--converged'], { clock })
    await clock.step()
    await clock.step()
    clock.step().catch(() => {})
    const { code, stdout } = await waiting
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'converged with 1 peer: all have the same\n6 entries, heads abcdef01\n' })
    expect(node.requests.filter(({ path }) => path === '/api/v1/sync/convergence').length).to.equal(3)
  })

  it('waits for a node to be met, by name or DID, trusted or not', async () => {
    const peer = { did, name: 'beta', trust: 'pending', trustReason: '', sources: ['mdns'], addresses: [] }
    const met = { ...peer, seenAt: '2026-11-22T00:00:00.000Z' }
    let isMet = false
    await using node = await FakeNode.start(`${folder.path}/.akshi`, () => ({ body: [isMet ? met : peer] }))
    const wait = async (who: string) => (await folder.akshi(['wait', '--seen', who, '--timeout', '0'])).code
    const before = await wait('beta')
    isMet = true
    expect([before, await wait('beta'), await wait(did), await wait('gamma')]).to.deep.equal([5, 0, 0, 5])
    expect(node.requests.every(({ path }) => path === '/api/v1/peers')).to.equal(true)
    expect((await folder.akshi(['wait', '--seen', 'beta'])).stdout).to.equal(`seen beta  ${did}  pending\n`)
  })

  it('asks what to wait for', async () => {
    const { code, stderr } = await folder.akshi(['wait'])
    expect({ code, stderr }).to.deep.equal({ code: 2, stderr: 'akshi: say what to wait for: --converged or --seen <who>. See: akshi --help (MESH_REQUEST_INVALID)\n' })
  })

  it('gives up with exit code 5, saying what is missing', async () => {
    await using node = await startNode(Infinity)
    const { code, stdout, stderr } = await folder.akshi(['wait', '--converged', '--timeout', '0', '--peers', '2', '--entries', '9'])
    expect({ code, stdout, asked: node.requests.length }).to.deep.equal({ code: 5, stdout: '', asked: 2 })
    expect(stderr).to.equal('akshi: Not converged after 0 s: beta lacks 2; 0 peers of 2 converged; 6 entries of 9 here. Look closer: akshi peers (MESH_TIMEOUT)\n')
  })

  it('is not content with convergence alone when peers or entries are asked for', async () => {
    await using node = await startNode(1)
    const run = async (...words: string[]) => (await folder.akshi(['wait', '--converged', '--timeout', '0', ...words])).code
    expect([
      await run('--peers', '1', '--entries', '6'), await run('--peers', '2'), await run('--entries', '7'),
      await run('--agent', 'a', '--entries', '5'), await run('--agent', 'a', '--entries', '6')
    ]).to.deep.equal([0, 5, 5, 0, 5])
    expect(node.requests.filter(({ path }) => path === '/api/v1/sync/convergence?agent=a').length).to.equal(2)
  })

  it('shows a bar on a terminal while much is fetched, and takes it away', async () => {
    const catchUp = { from: 100, behind: 40, entries: 12_345, bytes: 1_500_000, startedAt: new Date(-10_000).toISOString() }
    const peer = { did, name: 'be\u001bta', trust: 'trusted', trustReason: '', sources: [], addresses: [], catchUp }
    const run = async (columns?: number) => {
      let asked = 0
      await using node = await FakeNode.start(`${folder.path}/.akshi`, ({ path }) => {
        if (path === '/api/v1/peers') return { body: [peer] }
        return { body: path.startsWith('/api/v1/journals') ? [] : convergence(++asked >= 2) }
      })
      const clock = new StepClock()
      const waiting = folder.akshi(['wait', '--converged'], { clock, ...columns !== undefined && { columns } })
      await clock.step()
      clock.step().catch(() => {})
      const { stderr } = await waiting
      return [stderr, node.requests.some(({ path }) => path === '/api/v1/peers')]
    }
    expect(await run(80)).to.deep.equal(['\r\u001b[2K[############        ]  60%  12,345 entries  1.5 MB  1,235/s  from be\\u001bta\r\u001b[2K', true])
    expect(await run()).to.deep.equal(['', false])
  })

  it('waits for a node that is still starting', async () => {
    await folder.akshi(['init', '--port', '1'])
    const clock = new StepClock()
    const waiting = folder.akshi(['wait', '--converged'], { clock })
    await clock.step()
    await using node = await startNode(1)
    clock.step().catch(() => {})
    expect((await waiting).code).to.equal(0)
    expect(node.requests.length).to.equal(2)
  })
})
