import { appendFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { followFile } from '../../packages/cli/src/file-follower.ts'
import { Folder } from './support/command.ts'
import { StepClock } from './support/step-clock.ts'

describe('followFile', () => {
  let folder: Folder
  let path: string
  beforeEach(async () => {
    folder = await Folder.create()
    path = join(folder.path, 'app.log')
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  it('gives only what is written from now on, line by line', async () => {
    await writeFile(path, 'old\n')
    const lines = await follow(path, [() => appendFile(path, 'new\nhal'), () => appendFile(path, 'f\n')])
    expect(lines).to.deep.equal(['new', 'half'])
  })

  it('begins at the start where it is asked to', async () => {
    await writeFile(path, 'old\n')
    expect(await follow(path, [() => appendFile(path, 'new\n')], true)).to.deep.equal(['old', 'new'])
  })

  it('waits for a file that is not there yet and takes all of it', async () => {
    expect(await follow(path, [async () => {}, () => writeFile(path, 'first\n')])).to.deep.equal(['first'])
  })

  it('reads a rotated file to its end, then its successor from the start', async () => {
    await writeFile(path, '')
    const lines = await follow(path, [async () => {
      await appendFile(path, 'last words')
      await rename(path, `${path}.1`)
    }, () => writeFile(path, 'next\n')])
    expect(lines).to.deep.equal(['last words', 'next'])
  })

  it('reads a truncated file anew', async () => {
    await writeFile(path, '')
    const lines = await follow(path, [() => appendFile(path, 'one\ntwo\nthr'), async () => {
      await truncate(path)
      await appendFile(path, 'four\n')
    }])
    expect(lines).to.deep.equal(['one', 'two', 'four'])
  })

  it('fails with the path when the file cannot be read', async () => {
    const clock = new StepClock()
    const lines = followFile(join(folder.path, '\0'), { clock, signal: new AbortController().signal, fromStart: false })
    const error = await lines.next().then(() => undefined, (thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'MESH_DISK_FAILED')
  })
})

/** Runs `changes` one by one, each after the follower has seen all before it, and collects the lines. */
async function follow (path: string, changes: readonly (() => Promise<unknown>)[], fromStart = false): Promise<string[]> {
  const clock = new StepClock()
  const stop = new AbortController()
  const lines: string[] = []
  const following = (async () => {
    for await (const batch of followFile(path, { clock, signal: stop.signal, fromStart })) lines.push(...batch)
  })()
  await clock.step()
  for (const change of changes) {
    await change()
    await clock.step()
  }
  stop.abort()
  await following
  return lines
}
