import { appendFile, open, readFile, stat, truncate, type FileHandle } from 'node:fs/promises'
import { expect } from 'chai'
import { RecordLog } from '../../packages/plugin-a2a/src/record-log.ts'
import { codeOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function reopened (path: string) {
  const log = new RecordLog(path)
  const records = await log.open()
  await log.close()
  return records
}

/** Counts calls of `datasync` of all files. */
async function countSyncs (path: string) {
  const file = await open(path)
  const prototype = Object.getPrototypeOf(file) as FileHandle
  await file.close()
  const { datasync } = prototype
  const counter = { count: 0, [Symbol.asyncDispose]: async () => { prototype.datasync = datasync } }
  prototype.datasync = async function () {
    await datasync.call(this)
    counter.count++
  }
  return counter
}

describe('RecordLog', () => {
  it('has what was appended, in order, whether one after the other or together', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('a', 'log.jsonl')
    const log = new RecordLog(path)
    expect(await log.open()).to.deep.equal([])
    await log.append({ n: 1 })
    await Promise.all([2, 3, 4].map((n) => log.append({ n })))
    expect((await readFile(path, 'utf8')).split('\n')).to.have.length(5)
    await log.close()
    expect([await reopened(path), (await stat(path)).mode & 0o777]).to.deep.equal([[1, 2, 3, 4].map((n) => ({ n })), 0o600])
  })

  it('has synced the file when append resolves, once for all that wait together', async () => {
    await using folder = await temporaryFolder()
    const log = new RecordLog(folder.join('log.jsonl'))
    await log.open()
    await using syncs = await countSyncs(folder.join('log.jsonl'))
    await log.append({ n: 1 })
    const first = syncs.count
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append({ n })))
    await log.close()
    expect([first, syncs.count <= 3]).to.deep.equal([1, true])
  })

  it('leaves out a line that a crash has torn, and goes on after it', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('log.jsonl')
    const log = new RecordLog(path)
    await log.open()
    for (const n of [1, 2]) await log.append({ n })
    await log.close()
    await truncate(path, (await stat(path)).size - 3)
    const second = new RecordLog(path)
    const kept = await second.open()
    await second.append({ n: 3 })
    await second.close()
    await appendFile(path, '{"n":')
    expect([kept, await reopened(path)]).to.deep.equal([[{ n: 1 }], [{ n: 1 }, { n: 3 }]])
  })

  it('has what it was rewritten to, then what was appended', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('log.jsonl')
    const log = new RecordLog(path)
    await log.open()
    await log.append({ n: 1 })
    log.rewrite([{ n: 7 }])
    await log.append({ n: 8 })
    await log.close()
    expect(await reopened(path)).to.deep.equal([{ n: 7 }, { n: 8 }])
  })

  it('says so when it is closed or cannot be opened', async () => {
    await using folder = await temporaryFolder()
    const log = new RecordLog(folder.join('log.jsonl'))
    await log.open()
    await log.close()
    expect([await codeOf(() => log.append({})), await codeOf(() => new RecordLog(folder.join('log.jsonl', 'no-folder')).open())]).to.deep.equal(['MESH_NOT_RUNNING', 'MESH_DISK_FAILED'])
  })
})
