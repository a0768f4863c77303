import { stat } from 'node:fs/promises'
import { expect } from 'chai'
import type { ListTasksRequest, Task, TaskState } from '@a2a-js/sdk'
import { createIdentity } from '@akshi/core'
import { VirtualClock } from '@akshi/testkit'
import { loadSdk } from '../../packages/plugin-a2a/src/sdk.ts'
import { taskCodec } from '../../packages/plugin-a2a/src/task-codec.ts'
import { pageOf } from '../../packages/plugin-a2a/src/task-page.ts'
import type { Dispatch } from '../../packages/plugin-a2a/src/task-record.ts'
import { A2aStore } from '../../packages/plugin-a2a/src/task-store.ts'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const [owner, other] = [createIdentity().did, createIdentity().did]
const sdk = await loadSdk()
const codec = taskCodec(sdk)
const request: ListTasksRequest = { tenant: '', contextId: '', status: 0, pageToken: '', statusTimestampAfter: undefined }
const hourMs = 3_600_000
const [working, completed, inputRequired] = [2, 3, 6] as const
/** Where virtual clocks begin. */
const now = new VirtualClock().now()
const place = { agent: 'echo', owner }

function taskOf (id: string, state: TaskState, text = 'x', timestamp = '2026-01-01T00:00:00.000Z'): Task {
  const message = { messageId: `m-${id}`, contextId: '', taskId: id, role: 1 as const, parts: [{ content: { $case: 'text' as const, value: text }, mediaType: '', filename: '', metadata: undefined }], metadata: undefined, extensions: [], referenceTaskIds: [] }
  return { id, contextId: 'c', status: { state, message: undefined, timestamp }, artifacts: [], history: [message], metadata: undefined }
}

function dispatchOf (messageId: string, at: number, taskId = messageId): Dispatch {
  return { ...place, messageId, hash: 'h', taskId, contextId: 'c', at }
}

function open (folder: TemporaryFolder, clock = new VirtualClock(), maxTasksBytes = 10_000_000): A2aStore {
  return new A2aStore({ path: folder.join('a2a.jsonl'), maxTasksBytes, keepMs: 24 * hourMs, clock, codec })
}

/** What another process finds that opens the file now, as after `kill -9`. */
async function afterCrash (folder: TemporaryFolder): Promise<A2aStore> {
  const store = open(folder)
  await store.open()
  await store.close()
  return store
}

describe('A2aStore', () => {
  it('has on disk that a message is given to its agent when begin resolves, and that its task is unfinished', async () => {
    await using folder = await temporaryFolder()
    const store = open(folder)
    await store.open()
    await store.begin(dispatchOf('one', now), taskOf('one', working))
    const found = await afterCrash(folder)
    expect([found.dispatch({ ...place, messageId: 'one' })?.taskId, found.unfinished().map(({ messageId }) => messageId), found.dispatch({ ...place, owner: other, messageId: 'one' })]).to.deep.equal(['one', ['one'], undefined])
    await store.close()
  })

  it('has on disk each state in which a task can rest when save resolves', async () => {
    await using folder = await temporaryFolder()
    const store = open(folder)
    await store.open()
    for (const state of [completed, inputRequired]) await store.save(place, taskOf(`in-${state}`, state))
    const found = await afterCrash(folder)
    expect([completed, inputRequired].map((state) => found.load(place, `in-${state}`)?.status?.state)).to.deep.equal([completed, inputRequired])
    expect(found.load({ ...place, owner: other }, `in-${completed}`)).to.equal(undefined)
    await store.close()
  })

  it('lists to a caller the tasks of that caller and agent alone', async () => {
    await using folder = await temporaryFolder()
    const store = open(folder)
    await store.open()
    for (const each of [place, { agent: 'echo', owner: other }, { agent: 'more', owner }]) await store.save(each, taskOf(`of-${each.agent}-${each.owner}`, completed))
    const { tasks } = await store.forAgent('echo').list(request, new sdk.server.ServerCallContext({ user: { isAuthenticated: true, userName: owner } }))
    expect(tasks.map(({ id }) => id)).to.deep.equal([`of-echo-${owner}`])
    await store.close()
  })

  it('has on disk an answer that is no task once settled, without the task that stood for it', async () => {
    await using folder = await temporaryFolder()
    const store = open(folder)
    await store.open()
    const [message] = taskOf('one', working).history
    await store.begin(dispatchOf('one', now), taskOf('one', working))
    if (message !== undefined) store.answer({ ...place, messageId: 'one' }, message)
    await store.settled()
    const found = await afterCrash(folder)
    expect([found.load(place, 'one'), found.unfinished(), typeof found.dispatch({ ...place, messageId: 'one' })?.answer]).to.deep.equal([undefined, [], 'object'])
    await store.close()
  })

  it('gives up the oldest tasks that have ended when there are too many bytes, and knows their messages all the same', async () => {
    await using folder = await temporaryFolder()
    const store = open(folder, new VirtualClock(), 10_000)
    await store.open()
    await store.begin(dispatchOf('running', now), taskOf('running', working, 'x'.repeat(2_000)))
    for (const id of ['one', 'two', 'three', 'four', 'five']) {
      await store.begin(dispatchOf(id, now), undefined)
      await store.save(place, taskOf(id, completed, 'x'.repeat(2_000)))
    }
    const has = (each: A2aStore) => ['running', 'one', 'two', 'three', 'four', 'five'].filter((id) => each.load(place, id) !== undefined)
    expect([has(store), store.dispatch({ ...place, messageId: 'one' })?.taskId, has(await reopened(folder, 10_000))]).to.deep.equal([['running', 'three', 'four', 'five'], 'one', ['running', 'three', 'four', 'five']])
    await store.close()
  })

  it('forgets messages after the time to keep them, not before, and keeps its file in bounds', async () => {
    await using folder = await temporaryFolder()
    const clock = new VirtualClock()
    const store = open(folder, clock, 1_000_000)
    await store.open()
    await store.begin(dispatchOf('old', clock.now()), undefined)
    await clock.advance(23 * hourMs)
    await store.begin(dispatchOf('young', clock.now()), undefined)
    const turnOver = async () => { for (let n = 0; n < 60; n++) await store.save(place, taskOf(`big-${n}`, completed, 'x'.repeat(300_000))) }
    await turnOver()
    const before = store.dispatch({ ...place, messageId: 'old' })?.taskId
    await clock.advance(2 * hourMs)
    await turnOver()
    await store.close()
    expect([before, store.dispatch({ ...place, messageId: 'old' }), store.dispatch({ ...place, messageId: 'young' })?.taskId, (await stat(folder.join('a2a.jsonl'))).size < 14_000_000]).to.deep.equal(['old', undefined, 'young', true])
  })
})

async function reopened (folder: TemporaryFolder, maxTasksBytes: number): Promise<A2aStore> {
  const store = open(folder, new VirtualClock(), maxTasksBytes)
  await store.open()
  await store.close()
  return store
}

describe('a page of tasks', () => {
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((id, index) => taskOf(id, index === 0 ? working : completed, 'x', `2026-01-0${index + 1}T00:00:00.000Z`))
  const ids = (found: ReturnType<typeof pageOf>) => found.tasks.map(({ id }) => id).join('')

  it('is followed by the next, the newest first, until all were there once', () => {
    const pages: string[] = []
    let pageToken = ''
    do {
      const page = pageOf(tasks, { ...request, pageSize: 2, pageToken })
      pages.push(ids(page))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    expect(pages).to.deep.equal(['ed', 'cb', 'a'])
  })

  it('has what was asked for: a state, a context, a time', () => {
    expect([ids(pageOf(tasks, { ...request, status: working })), ids(pageOf(tasks, { ...request, contextId: 'other' })), ids(pageOf(tasks, { ...request, statusTimestampAfter: '2026-01-03T12:00:00Z' })), pageOf(tasks, request).totalSize]).to.deep.equal(['a', '', 'ed', 5])
  })

  it('has nothing for a token that is none', () => {
    expect(ids(pageOf(tasks, { ...request, pageToken: 'nonsense' }))).to.equal('')
  })
})
