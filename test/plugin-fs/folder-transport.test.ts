import { EventEmitter } from 'node:events'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createIdentity, isMeshError } from '@akshi/core'
import type { Watch } from '@akshi/plugin-fs'
import { expect } from 'chai'
import { chain, digestSeqs, filesIn, HandClock, HintRecorder, never, newChain, push, recordLines, Shelter } from './support.ts'

const hint = { kind: 'shared', name: 'fs' }
const noWatch: Watch = () => { throw new Error('ENOSPC: no watches left') }

class FakeWatcher extends EventEmitter {
  isClosed = false
  close (): void { this.isClosed = true }
}

describe('FolderTransport', () => {
  const shelter = new Shelter()
  let dir: string
  beforeEach(async () => { dir = await shelter.folder() })
  afterEach(() => shelter.close())

  /** A started transport that only polls, and only when the test fires its clock; the first poll is over. */
  const startPolling = async (options: Parameters<Shelter['transport']>[1] = {}) => {
    const [clock, receiver] = [new HandClock(), new HintRecorder()]
    const transport = shelter.transport(dir, { clock, watch: noWatch, ...options })
    await transport.start(receiver, never)
    await clock.fire()
    return { clock, receiver, transport, link: await transport.connect({ kind: 'shared' }, never) }
  }

  it('reaches everybody by one link and refuses one to a peer', async () => {
    const transport = shelter.transport(dir)
    const error = await transport.connect({ kind: 'peer', did: createIdentity().did, addresses: () => [] }, never).catch((cause: unknown) => cause)
    expect([transport.reach, error instanceof TypeError]).to.deep.equal(['shared', true])
  })

  it('makes the folder and finds nothing in it', async () => {
    const { receiver, link } = await startPolling()
    expect([await filesIn(dir), await digestSeqs(link), receiver.hints]).to.deep.equal([[], {}, []])
  })

  it('hints when a poll finds what another wrote, once', async () => {
    const { clock, receiver } = await startPolling()
    await push(await shelter.link(dir), newChain(1))
    await clock.fire()
    await clock.fire()
    expect(receiver.hints).to.deep.equal([hint])
  })

  it('hints at start for what is there already', async () => {
    await push(await shelter.link(dir), newChain(1))
    expect((await startPolling()).receiver.hints).to.deep.equal([hint])
  })

  it('does not hint for its own writes, nor for what a digest told', async () => {
    const { clock, receiver, link } = await startPolling()
    await push(link, newChain(2))
    await clock.fire()
    await push(await shelter.link(dir), newChain(1))
    await digestSeqs(link)
    await clock.fire()
    expect(receiver.hints).to.deep.equal([])
  })

  it('hints when what was there is gone, so that it can be put back', async () => {
    const { clock, receiver, link } = await startPolling()
    await push(link, newChain(2))
    await rm((await filesIn(dir))[0]!)
    await clock.fire()
    expect([receiver.hints, await digestSeqs(link)]).to.deep.equal([[hint], {}])
  })

  it('still sees a file that came within the granularity of the folder\'s times', async () => {
    const { clock, receiver } = await startPolling()
    const other = await shelter.link(dir)
    const made = newChain(4)
    for (const [index, envelope] of made.entries()) {
      await push(other, [envelope])
      await clock.fire(10)
      expect(receiver.hints.length).to.equal(index + 1)
    }
  })

  it('sees a change long after the folder settled', async () => {
    const { clock, receiver } = await startPolling()
    const other = await shelter.link(dir)
    const made = newChain(2)
    await push(other, made.slice(0, 1))
    for (let i = 0; i < 10; i++) await clock.fire()
    await push(other, made)
    await clock.fire()
    expect(receiver.hints).to.deep.equal([hint, hint])
  })

  it('reports a folder out of reach once, goes on polling, and hints when it is mounted', async () => {
    const { logger, lines } = recordLines()
    await push(await shelter.link(dir), newChain(1))
    await rename(dir, `${dir}.away`)
    await writeFile(dir, 'nothing mounted')
    const { clock, receiver, link } = await startPolling({ logger })
    await clock.fire()
    expect([lines.length, lines[0]?.includes(dir), receiver.hints]).to.deep.equal([1, true, []])
    expect(isMeshError(await digestSeqs(link).catch((error: unknown) => error), 'MESH_DISK_FAILED')).to.equal(true)
    await rm(dir)
    await rename(`${dir}.away`, dir)
    await clock.fire()
    expect([receiver.hints, await digestSeqs(link)]).to.deep.equal([[hint], { 'notes/log': [1] }])
  })

  it('hints when the folder is back with nothing new in it', async () => {
    const { clock, receiver, link } = await startPolling()
    await push(link, newChain(1))
    await rename(dir, `${dir}.away`)
    await writeFile(dir, 'nothing mounted')
    await clock.fire()
    await rm(dir)
    await rename(`${dir}.away`, dir)
    await clock.fire()
    await clock.fire()
    expect(receiver.hints).to.deep.equal([hint])
  })

  it('hints by the system\'s watch long before the next poll', async () => {
    const receiver = new HintRecorder()
    const other = await shelter.link(dir)
    const alice = createIdentity()
    const made = chain(alice, 2)
    await push(other, made.slice(0, 1))
    await shelter.transport(dir).start(receiver, never)
    await receiver.reach(1)                                                         // the first look; the next poll is an hour away
    await push(other, made)
    await receiver.reach(2)
    await push(other, chain(alice, 1, { journal: 'another' }))
    await receiver.reach(3)
    expect(receiver.hints).to.deep.equal([hint, hint, hint])
  })

  it('looks sooner for a change, unless it made it or it is not finished', async () => {
    const listeners = new Map<string, (name: string | null) => void>()
    const watch: Watch = (folder, changed) => {
      listeners.set(folder, changed)
      return new FakeWatcher()
    }
    const { clock, link } = await startPolling({ watch, pollIntervalMs: 5_000 })
    const made = newChain(1)
    await push(link, made)
    await clock.fire()
    expect(clock.delays).to.deep.equal([20])                                        // new folders: what changed before the watch?
    await clock.fire()
    const [file] = await filesIn(dir) as [string]
    const delaysAfter = (name: string | null) => {
      listeners.get(dirname(file))?.(name)
      return clock.delays
    }
    const names = [basename(file), '.1-2.tmp', '000000000002-00.env']
    expect(names.map(delaysAfter)).to.deep.equal([[5_000], [5_000], [20]])
  })

  it('stops before start and twice, and leaves no timer', async () => {
    await shelter.transport(dir).stop()
    const { clock, transport } = await startPolling()
    await Promise.all([transport.stop(), transport.stop()])
    const link = await transport.connect({ kind: 'shared' }, never)
    const error = await digestSeqs(link).catch((cause: unknown) => cause)
    expect([clock.delays, isMeshError(error, 'MESH_NOT_RUNNING')]).to.deep.equal([[], true])
  })

  it('stops in the middle of a look, which ends before', async () => {
    const { clock, transport, receiver } = await startPolling()
    await push(await shelter.link(dir), newChain(5))
    void clock.fire()
    await transport.stop()
    expect([clock.delays, receiver.hints]).to.deep.equal([[], []])
  })

  it('closes its watches with it', async () => {
    const watchers: FakeWatcher[] = []
    const watch: Watch = () => {
      const watcher = new FakeWatcher()
      watchers.push(watcher)
      return watcher
    }
    await push(await shelter.link(dir), newChain(1))
    const { transport } = await startPolling({ watch })
    await transport.stop()
    expect(watchers.map(({ isClosed }) => isClosed)).to.deep.equal([true, true, true, true])
  })

  it('stops only when a push that is under way has ended', async () => {
    const { transport, link } = await startPolling()
    const pushing = push(link, newChain(40))
    await transport.stop()
    expect((await filesIn(dir)).length).to.equal(40)
    await pushing
  })

  it('opens nothing when its start is aborted', async () => {
    const clock = new HandClock()
    const reason = new Error('too late')
    const error = await shelter.transport(dir, { clock }).start(new HintRecorder(), AbortSignal.abort(reason)).catch((cause: unknown) => cause)
    expect([error, clock.delays]).to.deep.equal([reason, []])
  })

  it('finds a feed in a folder that others made', async () => {
    const { clock, receiver, link } = await startPolling()
    await push(await shelter.link(`${dir}-elsewhere`), newChain(2))
    const [file] = await filesIn(`${dir}-elsewhere`) as [string]
    const target = join(dir, file.slice(`${dir}-elsewhere`.length))
    await mkdir(dirname(dirname(target)), { recursive: true })
    await rename(dirname(file), dirname(target))
    await clock.fire()
    expect([receiver.hints, await digestSeqs(link)]).to.deep.equal([[hint], { 'notes/log': [2] }])
  })
})
