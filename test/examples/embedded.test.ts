import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

describe('examples/embedded', () => {
  it('has two nodes in one program, in fifteen lines: what one journals, the other reads, each time', async () => {
    await using folder = await temporaryFolder()
    await cp(join(root, 'examples/embedded'), folder.path, { recursive: true })
    await mkdir(folder.join('node_modules/@akshi'), { recursive: true })
    for (const name of ['core', 'plugin-fs']) await symlink(join(root, 'packages', name), folder.join('node_modules/@akshi', name))
    const words = ['--import', import.meta.resolve('tsx/esm'), '--conditions=source', 'embedded.mjs']
    const run = async () => await promisify(execFile)(process.execPath, words, { cwd: folder.path, env: { PATH: process.env.PATH } })
    expect([await run(), await run()]).to.deep.equal([1, 2].map(() => ({ stdout: 'beta reads hello\n', stderr: '' })))
    expect((await readFile(join(root, 'examples/embedded/embedded.mjs'), 'utf8')).trim().split('\n').length).to.be.at.most(15)
  })
})
