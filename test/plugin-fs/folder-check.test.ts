import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect } from 'chai'
import type { Observation } from '@akshi/core'
import { folderCheck } from '../../packages/plugin-fs/src/folder-check.ts'
import { meshPath } from '../../packages/plugin-fs/src/folder-layout.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { unprivileged } from '../support/unprivileged.ts'

const meshId = 'test'

function look (dir: string, fileMode = 0o600): Promise<readonly Observation[]> {
  let count = 0
  const check = folderCheck({ dir, meshId, fileMode, pollIntervalMs: 1_000, temporaryName: () => `.doctor-${count++}` })
  return Promise.resolve(check(new AbortController().signal))
}

/** A journal file in a shared folder that everybody gets to. */
async function share (dir: string, mode: number): Promise<string> {
  const feed = `${dir}/${meshPath(meshId)}/journal/feed`
  await mkdir(feed, { recursive: true })
  for (const path of [dir, `${dir}/${meshPath(meshId)}`, dirname(feed), feed]) await chmod(path, 0o755)
  await writeFile(`${feed}/1.env`, 'x')
  await chmod(`${feed}/1.env`, mode)
  return `${feed}/1.env`
}

const levels = (found: readonly Observation[]) => found.map(({ level }) => level).filter((level) => level !== 'ok' && level !== 'note')
const mend = (found: readonly Observation[]) => execFileSync('sh', ['-c', found.find(({ fix }) => fix !== undefined)?.fix ?? 'false'])

describe('folderCheck', () => {
  it('finds that the folder can be written and leaves nothing there', async () => {
    await using folder = await temporaryFolder()
    const [finding, ...rest] = await look(folder.path)
    expect([['ok', 'note'].includes(finding?.level ?? ''), finding?.message.startsWith(`${folder.path} can be written`), rest, await readdir(folder.path)]).to.deep.equal([true, true, [], []])
  })

  for (const [what, code, spoil] of [
    ['is missing', 'ENOENT', async () => {}],
    ['has a file in its place', 'ENOTDIR', async (dir: string) => await writeFile(dir, '')]
  ] as const) {
    it(`finds a folder that ${what}, and its fix mends it`, async () => {
      await using folder = await temporaryFolder()
      const dir = folder.join("it's", 'shared')
      await mkdir(folder.join("it's"))
      await spoil(dir)
      const found = await look(dir)
      expect([levels(found), found[0]?.message.includes(code)]).to.deep.equal([['failure'], true])
      mend(found)
      if (what !== 'is missing') await mkdir(dir)                                // as the transport does at its next look
      expect(levels(await look(dir))).to.deep.equal([])
    })
  }

  it('finds a folder that may not be written, and its fix mends it', async () => {
    await using folder = await temporaryFolder()
    const dir = folder.join('shared')
    await mkdir(dir, { mode: 0o500 })
    await unprivileged(folder.path, async () => {
      const found = await look(dir)
      expect([levels(found), found[0]?.fix]).to.deep.equal([['failure'], `chmod u+rwx ${dir}`])
      await chmod(dir, 0o700)                                                   // a child would be root again
      expect(levels(await look(dir))).to.deep.equal([])
    })
  })

  it('finds journals that everybody can read, and its fix closes them', async () => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, 0o755)
    const file = await share(folder.join('shared'), 0o644)
    const found = await look(folder.join('shared'))
    expect(found.slice(1)).to.deep.equal([{ level: 'warning', message: `every user of this machine can read the journals in ${folder.join('shared')}, for instance ${file}`, fix: `chmod -R o-rwx ${folder.join('shared')}` }])
    mend(found.slice(1))
    expect(levels(await look(folder.join('shared')))).to.deep.equal([])
  })

  it('names the setting where new files would be readable again', async () => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, 0o755)
    await share(folder.join('shared'), 0o644)
    expect((await look(folder.join('shared'), 0o664)).at(-1)?.fix).to.equal('file_mode = "0660"  # under [plugins.config] of plugin-fs in runtime.toml')
  })

  it('does not mind a readable file that nobody else gets to, nor a folder with closed files', async () => {
    await using folder = await temporaryFolder()
    await share(folder.join('shared'), 0o644)                                     // the temporary folder is 0700
    expect(levels(await look(folder.join('shared')))).to.deep.equal([])
    await chmod(folder.path, 0o755)
    await share(folder.join('shared'), 0o640)
    expect(levels(await look(folder.join('shared')))).to.deep.equal([])
  })
})
