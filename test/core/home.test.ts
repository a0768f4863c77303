import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { ensureToken, HomeLock, homePaths, removeRunning, writeRunning } from '../../packages/core/src/home.ts'
import { codeOf, failureOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const homeModule = new URL('../../packages/core/src/home.ts', import.meta.url).href

/** Another process that has the lock; dies by signal 9 at the latest when the test ends. */
async function startHolder (home: string) {
  const script = `const { HomeLock } = await import(${JSON.stringify(homeModule)})
    globalThis.lock = await HomeLock.take(${JSON.stringify(home)})
    console.log('taken')
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--import', 'tsx/esm', '--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const [line] = await once(createInterface(child.stdout), 'line') as [string]
  expect(line).to.equal('taken')
  return { pid: child.pid, kill, [Symbol.asyncDispose]: kill }
}

describe('HomeLock', () => {
  it('is not given to a second process, which is told who has it, and is free after a kill -9', async () => {
    await using folder = await temporaryFolder()
    await using holder = await startHolder(folder.path)
    const error = await failureOf(() => HomeLock.take(folder.path)) as Error
    expect(error).to.include({ code: 'MESH_HOME_LOCKED' })
    expect(error.message).to.include(`process ${holder.pid}`)
    await holder.kill()
    await (await HomeLock.take(folder.path)).release()
  })

  it('is not given twice in one process, and is free after its release', async () => {
    await using folder = await temporaryFolder()
    const lock = await HomeLock.take(folder.path)
    expect(await codeOf(() => HomeLock.take(folder.path))).to.equal('MESH_HOME_LOCKED')
    await lock.release()
    await (await HomeLock.take(folder.path)).release()
    expect(await readFile(homePaths(folder.path).lock, 'utf8')).to.equal(`${process.pid}\n`)
  })

  it('cannot be taken where no folder can be made', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('run'), '')
    expect(await codeOf(() => HomeLock.take(folder.path))).to.equal('MESH_DISK_FAILED')
  })
})

describe('ensureToken', () => {
  it('makes a token of 32 random bytes for its owner alone, and keeps it', async () => {
    await using folder = await temporaryFolder()
    const { token: path } = homePaths(folder.path)
    const token = await ensureToken(path)
    expect([Buffer.from(token, 'base64url').length, (await stat(path)).mode & 0o777, await ensureToken(path), await ensureToken(folder.join('other')) === token]).to.deep.equal([32, 0o600, token, false])
  })

  it('takes the token of the operator without the white space around it', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('token'), ' mine \n', { mode: 0o600 })
    expect(await ensureToken(folder.join('token'))).to.equal('mine')
  })

  it('refuses a file that others can read, an empty one, and one that is none', async () => {
    await using folder = await temporaryFolder()
    await ensureToken(folder.join('open'))
    await chmod(folder.join('open'), 0o644)
    await writeFile(folder.join('empty'), '\n', { mode: 0o600 })
    await mkdir(folder.join('folder'), { mode: 0o700 })
    const codes = await Promise.all(['open', 'empty', 'folder'].map((name) => codeOf(() => ensureToken(folder.join(name)))))
    expect(codes).to.deep.equal(['MESH_KEY_EXPOSED', 'MESH_TOKEN_INVALID', 'MESH_DISK_FAILED'])
  })
})

describe('homePaths', () => {
  it('keeps the journals of each mesh apart and inside the home, whatever the mesh is called', () => {
    const folders = ['default', 'other', '..', '.', 'a/b', 'a%2Fb', 'A'].map((meshId) => homePaths('/home', meshId).journals)
    expect(new Set(folders).size).to.equal(folders.length)
    for (const folder of folders) expect(folder).to.match(/^\/home\/journals\/[^/]+$/)
  })
})

describe('writeRunning', () => {
  it('says where the node answers, to its owner alone, until it is removed', async () => {
    await using folder = await temporaryFolder()
    const path = folder.join('node.json')
    await writeRunning(path, { pid: 7, url: 'http://127.0.0.1:3210' })
    expect([JSON.parse(await readFile(path, 'utf8')), (await stat(path)).mode & 0o777]).to.deep.equal([{ pid: 7, url: 'http://127.0.0.1:3210', port: 3210 }, 0o600])
    await removeRunning(path)
    await removeRunning(path)
    expect(await readdir(folder.path)).to.deep.equal([])
  })
})
