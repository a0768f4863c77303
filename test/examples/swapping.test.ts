import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { readDoc } from '../docs/vector-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const recipe = /### Swapping the transport\n.*?```js\n(.*?)```/s.exec(readDoc('plugin-authors.md'))?.[1] ?? ''

describe('docs/plugin-authors.md, Swapping the transport', () => {
  it('has lines that carry a journal over a network in memory, and over a partition of it that heals', async () => {
    await using folder = await temporaryFolder()
    const code = `${recipe}
      const [alpha, beta] = await Promise.all(['alpha', 'beta'].map((name) => startNode(${JSON.stringify(folder.path)} + '/' + name)))
      network.partition([alpha.identity.did], [beta.identity.did])
      await alpha.control.append('notes', [{ body: 'hello' }])
      network.heal()
      for await (const { entry } of beta.control.tail('notes')) {
        console.log('beta reads', entry.body)
        break
      }
      await Promise.all([alpha.stop(), beta.stop()])`
    const words = ['--import', 'tsx/esm', '--conditions', 'source', '--input-type', 'module', '--eval', code]
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
    expect(stdout).to.equal('beta reads hello\n')
  })
})
