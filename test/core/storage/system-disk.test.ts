import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { systemDisk } from '../../../packages/core/src/storage/disk.ts'
import { diskFailed } from '../../../packages/core/src/storage/disk-error.ts'
import { RecordFile } from '../../../packages/core/src/storage/record-file.ts'
import { codeOf, failureOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { unprivileged } from '../../support/unprivileged.ts'

const run = promisify(execFile)
const bytes = (text: string) => Buffer.from(text)
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('systemDisk', () => {
  it('makes folders and files for their owner alone', async () => {
    await using folder = await temporaryFolder()
    await systemDisk.makeFolder(folder.join('a', 'b'))
    await systemDisk.makeFolder(folder.join('a', 'b'))
    await (await systemDisk.open(folder.join('a', 'b', 'c'))).close()
    await systemDisk.replace(folder.join('a', 'b', 'd'), [bytes('x')])
    expect(await Promise.all([['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'd']].map((names) => modeOf(folder.join(...names))))).to.deep.equal(['700', '700', '600', '600'])
  })

  it('lists names in order, and none where there is no folder', async () => {
    await using folder = await temporaryFolder()
    for (const name of ['c', 'a', 'b']) await writeFile(folder.join(name), '')
    expect([await systemDisk.list(folder.path), await systemDisk.list(folder.join('none'))]).to.deep.equal([['a', 'b', 'c'], []])
  })

  it('writes, reads and cuts at any place, and keeps count of the size', async () => {
    await using folder = await temporaryFolder()
    const file = await systemDisk.open(folder.join('a'))
    file.write([bytes('hello, '), bytes(''), bytes('world')], 0)
    file.write([bytes('J')], 0)
    const read = [file.size, `${file.read(0, 5)}`, `${file.read(7, 100)}`, `${file.read(50, 2)}`]
    file.truncate(5)
    await file.sync()
    await file.close()
    const again = await systemDisk.open(folder.join('a'))
    expect([read, again.size, `${again.read(0, 9)}`]).to.deep.equal([[12, 'Jello', 'world', ''], 5, 'Jello'])
    await again.close()
  })

  it('writes more parts at once than a system call takes', async () => {
    await using folder = await temporaryFolder()
    const file = await systemDisk.open(folder.join('a'))
    const parts = Array.from({ length: 5_000 }, (_, index) => bytes(`${index} `))
    file.write(parts, 0)
    expect(file.read(0, file.size)).to.deep.equal(Buffer.concat(parts))
    await file.close()
  })

  it('opens what is there for reading alone, and says when it is not there', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('a'), 'text')
    const file = await systemDisk.openExisting(folder.join('a'))
    const missing = await systemDisk.openExisting(folder.join('none', 'a'))
    expect([`${file?.read(0, 9)}`, await codeOf(() => file?.write([bytes('x')], 0)), missing, await systemDisk.list(folder.path)]).to.deep.equal(['text', 'MESH_DISK_FAILED', undefined, ['a']])
    await file?.close()
  })

  it('replaces a file, whatever an earlier attempt left, and leaves nothing else', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('a.new'), 'left by a crash, and longer')
    const open = await systemDisk.open(folder.join('a'))
    await systemDisk.replace(folder.join('a'), [bytes('one, '), bytes('two')])
    expect([open.size, await readFile(folder.join('a'), 'utf8'), await readdir(folder.path)]).to.deep.equal([0, 'one, two', ['a']])
    await open.close()
  })

  it('leaves no half file where it cannot replace', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.join('a'))
    expect([await codeOf(() => systemDisk.replace(folder.join('a'), [bytes('x')])), await readdir(folder.path)]).to.deep.equal(['MESH_DISK_FAILED', ['a']])
  })

  it('removes what is there and does not mind what is not, and renames over another', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.join('sub'))
    for (const name of ['a', 'b', 'c']) await writeFile(folder.join(name), name)
    await systemDisk.remove(folder.join('a'))
    await systemDisk.remove(folder.join('a'))
    await systemDisk.rename(folder.join('b'), folder.join('c'))
    await systemDisk.rename(folder.join('c'), folder.join('sub', 'd'))
    expect([await systemDisk.list(folder.path), await readFile(folder.join('sub', 'd'), 'utf8')]).to.deep.equal([['sub'], 'b'])
  })

  it('names the path of whatever fails, and the next step', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('none', 'a')
    const closed = await systemDisk.open(folder.join('closed'))
    closed.write([bytes('text')], 0)
    await closed.close()
    const failures = await Promise.all([
      () => systemDisk.open(path), () => systemDisk.replace(path, []), () => systemDisk.rename(path, folder.join('b')),
      () => systemDisk.list(folder.join('closed')), () => systemDisk.makeFolder(folder.join('closed')),
      () => closed.write([bytes('x')], 0), () => closed.read(0, 1), () => closed.truncate(0), () => closed.sync()
    ].map(failureOf))
    expect(failures.map((failure) => failure instanceof Error && 'code' in failure && failure.code === 'MESH_DISK_FAILED' && failure.message.includes(folder.path) && failure.message.includes('Check'))).to.deep.equal(Array(9).fill(true))
  })

  it('says what to do in a folder where this user may not write', async () => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, 0o500)
    const failure = await unprivileged(folder.path, () => failureOf(() => systemDisk.open(join(folder.path, 'a'))))
    await chmod(folder.path, 0o700)
    expect(String(failure)).to.match(/MeshError: Cannot open .*EACCES.*give the user that runs Akshi the right/)
  })

  it('says what a full device is, after it took what fitted', async function () {
    if (process.platform !== 'linux') this.skip()
    const full = await systemDisk.open('/dev/full')
    const failure = await failureOf(() => full.write([bytes('x')], 0))
    await full.close()
    expect(String(failure)).to.match(/Cannot write \/dev\/full: ENOSPC.*The disk is full: free some space/)
  })

  it('throws when not every byte went out, for a limit on the size of files cuts a write short without a word', async function () {
    if (process.platform === 'win32') this.skip()
    await using folder = await temporaryFolder()
    const { stdout } = await run('sh', ['-c', 'trap "" XFSZ; ulimit -f 2048; exec "$0" "$@"', process.execPath, ...process.execArgv, fileURLToPath(new URL('write-to-limit.ts', import.meta.url)), folder.join('a')])
    expect(stdout.trim().split('\n')).to.satisfy((lines: readonly string[]) => lines.some((line) => line.includes('MESH_DISK_FAILED')) && lines.every((line) => line.includes('written, all') || line.includes('MESH_DISK_FAILED, not all')))
  })

  it('carries records', async () => {
    await using folder = await temporaryFolder()
    const open = () => RecordFile.open(systemDisk, folder.join('a.log'), { maxRecordBytes: 100, durability: 'fsync' })
    const { file } = await open()
    file.append([bytes('one'), bytes('two')])
    await file.sync()
    file.append([bytes('three')])
    file.truncate(2)
    await file.close()
    await writeFile(folder.join('a.log'), Buffer.alloc(20), { flag: 'a' })
    const { file: again, damage } = await open()
    expect([damage, again.count, `${again.read(1)}`, (await stat(folder.join('a.log'))).size]).to.deep.equal(['torn tail', 2, 'two', again.bytes])
    await again.close()
  })
})

describe('diskFailed', () => {
  it('has advice for each way a disk fails', () => {
    const codes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE', 'ENFILE', 'EWHATEVER']
    const messages = codes.map((code) => diskFailed('write /a', Object.assign(new Error(`${code}: no`), { code })).message)
    expect([messages.map((message, index) => message.startsWith(`Cannot write /a: ${codes[index]}: no. `)), new Set(messages.map((message) => message.split('no. ')[1])).size])
      .to.deep.equal([codes.map(() => true), codes.length])
  })
})
