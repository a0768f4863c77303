import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { readDoc } from '../docs/vector-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = readDoc('plugin-authors.md')
const recipe = /### Swapping the transport\n.*?```js\n(.*?)```/s.exec(text)?.[1] ?? ''
const waiting = /```js\n(async function waitFor .*?)```/s.exec(text)?.[1] ?? ''

/** What Node says when it runs these lines as a module. */
async function say (code: string): Promise<string> {
  const words = ['--import', 'tsx/esm', '--conditions', 'source', '--input-type', 'module', '--eval', code]
  return (await promisify(execFile)(process.execPath, words, { cwd: root })).stdout
}

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
    expect(await say(code)).to.equal('beta reads hello\n')
  })

  it('has lines that wait for an entry, also for one that has come before', async () => {
    await using folder = await temporaryFolder()
    const code = `${recipe}${waiting}
      const [alpha, beta] = await Promise.all(['alpha', 'beta'].map((name) => startNode(${JSON.stringify(folder.path)} + '/' + name)))
      const [, late] = await Promise.all([alpha.control.append('notes', [{ body: 'hello' }]), waitFor(beta, 'notes', 'hello')])
      console.log(late.body, (await waitFor(beta, 'notes', 'hello')).body)
      await Promise.all([alpha.stop(), beta.stop()])`
    expect(await say(code)).to.equal('hello hello\n')
  })
})
