import { expect } from 'chai'
import { settle } from '@akshi/testkit'
import { HookBoard, runHook, runHookSync, type Hooks, type PluginHooks } from '../../packages/core/src/hooks.ts'
import type { PeerView } from '../../packages/core/src/peer-book.ts'
import { codeOf, failureOf } from '../support/failures.ts'
import { lineLogger } from '../support/line-logger.ts'

const peer = { name: 'beta' } as PeerView
const write = { journal: 'notes', part: 'log' as const, kind: 'note', body: 1 }

function makeBoard (): { board: HookBoard, hooks: Hooks, facade: PluginHooks, lines: string[] } {
  const { logger, lines } = lineLogger()
  const board = new HookBoard(logger)
  return { board, hooks: board.hooks, facade: board.facade(), lines }
}

describe('HookBoard.facade', () => {
  it('lets a plugin tap every hook, and do nothing else', () => {
    const { facade, hooks } = makeBoard()
    expect(Object.keys(facade)).to.deep.equal(Object.keys(hooks))
    for (const hook of Object.values(facade)) {
      expect(['tap', 'tapAsync', 'tapPromise']).to.include.members(Object.keys(hook))
      expect([Object.isFrozen(hook), Object.isFrozen(facade), Object.getPrototypeOf(hook)]).to.deep.equal([true, true, Object.prototype])
    }
  })

  it('taps the hooks of its runtime and of no other', () => {
    const [one, two] = [makeBoard(), makeBoard()]
    const seen: string[] = []
    one.facade.onPeerDiscovered.tap('plugin', ({ name }) => { seen.push(name) })
    two.hooks.onPeerDiscovered.call(peer)
    one.hooks.onPeerDiscovered.call(peer)
    expect(seen).to.deep.equal(['beta'])
  })
})

describe('HookBoard.seal', () => {
  it('refuses every tap from then on, by facade or not, and keeps those that are there', async () => {
    const { board, hooks, facade } = makeBoard()
    const seen: string[] = []
    facade.onPeerDiscovered.tap('early', () => { seen.push('early') })
    board.seal()
    expect(await codeOf(() => facade.onPeerDiscovered.tap('late', () => { seen.push('late') }))).to.equal('MESH_HOOKS_SEALED')
    expect(await codeOf(() => facade.beforeWrite.tapPromise('late', async () => ({ reason: 'late' })))).to.equal('MESH_HOOKS_SEALED')
    expect(await codeOf(() => hooks.selectTransport.tap('late', (choices) => choices))).to.equal('MESH_HOOKS_SEALED')
    hooks.onPeerDiscovered.call(peer)
    expect([seen, await hooks.beforeWrite.promise(write)]).to.deep.equal([['early'], undefined])
  })
})

describe('a hook that observes', () => {
  it('runs every tap, though one throws and another rejects, and logs both by name', async () => {
    const { hooks, facade, lines } = makeBoard()
    const seen: string[] = []
    facade.onPeerDiscovered.tap('thrower', () => { throw new Error('now') })
    facade.onPeerDiscovered.tap('rejecter', (async () => { throw new Error('later') }) as () => void)
    facade.onPeerDiscovered.tap('watcher', ({ name }) => { seen.push(name) })
    hooks.onPeerDiscovered.call(peer)
    await settle()
    expect([seen, lines]).to.deep.equal([['beta'], ['error plugin "thrower" failed in onPeerDiscovered', 'error plugin "rejecter" failed in onPeerDiscovered']])
  })
})

describe('a hook that may veto', () => {
  it('ends with the first veto', async () => {
    const { hooks, facade } = makeBoard()
    const seen: string[] = []
    facade.beforeWrite.tapPromise('passes', async () => { seen.push('passes'); return undefined })
    facade.beforeWrite.tap('vetoes', () => ({ reason: 'a secret' }))
    facade.beforeWrite.tap('comes too late', () => { seen.push('late'); return undefined })
    expect([await hooks.beforeWrite.promise(write), seen]).to.deep.equal([{ reason: 'a secret' }, ['passes']])
  })
})

describe('a hook that selects', () => {
  it('hands what one tap returns to the next, and keeps it when a tap returns nothing', () => {
    const { hooks, facade } = makeBoard()
    const choice = (transport: string) => ({ transport, reach: 'peer' as const, reason: '' })
    facade.selectTransport.tap('reverses', (choices) => choices.toReversed())
    facade.selectTransport.tap('says nothing', (() => undefined) as never)
    facade.selectTransport.tap('shortens', (choices) => choices.slice(0, 1))
    expect(hooks.selectTransport.call([choice('a'), choice('b')], peer)).to.deep.equal([choice('b')])
  })
})

describe('runHook', () => {
  it('names the hook of a tap that throws, and keeps the cause', async () => {
    const cause = new Error('boom')
    const fail = () => { throw cause }
    for (const call of [() => runHook('beforeWrite', fail), () => runHook('beforeWrite', () => Promise.reject(cause)), () => runHookSync('beforeWrite', fail)]) {
      const error = await failureOf(call) as Error & { code: string }
      expect([error.code, error.message, error.cause]).to.deep.equal(['MESH_HOOK_FAILED', 'A tap of beforeWrite failed: boom', cause])
    }
    expect([await runHook('beforeWrite', async () => 1), runHookSync('beforeWrite', () => 2)]).to.deep.equal([1, 2])
  })
})
