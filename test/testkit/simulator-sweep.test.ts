import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { main } from '@akshi/testkit'
import { temporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)

describe('akshi-sim --sweep', function () {
  this.timeout(60_000)
  const sweep = async (file: string, ...args: readonly string[]) => {
    const lines: string[] = []
    const code = await main(['--sweep', file, '--nodes', '2', '--minutes', '0.1', ...args], (line) => lines.push(line))
    return { code, lines, seeds: lines.flatMap((line) => /^seed (\d+)/.exec(line)?.[1] ?? []) }
  }

  it('goes on where it stopped, and counts all', async () => {
    await using folder = await temporaryFolder()
    const file = folder.join('sweep')
    const [first, second] = [await sweep(file, '--seeds', '2'), await sweep(file, '--seeds', '4')]
    const { next, runs, ahead, failures } = JSON.parse(readFileSync(file, 'utf8'))
    expect([first.code, first.seeds, second.seeds, next, runs, ahead, failures]).to.deep.equal([0, ['1', '2'], ['3', '4'], 5, 4, [], []])
    expect(second.lines.at(-1)).to.include('4 seeds, 0 failed')
  })

  it('is shared by several processes', async () => {
    await using folder = await temporaryFolder()
    const script = fileURLToPath(new URL('../../scripts/sim.mjs', import.meta.url))
    const { stdout } = await run(process.execPath, ['--import', 'tsx/esm', '-C', 'source', script, '--sweep', folder.join('sweep'), '--nodes', '2', '--minutes', '0.1', '--seeds', '4', '--jobs', '2'])
    const { next, ahead } = JSON.parse(readFileSync(folder.join('sweep'), 'utf8'))
    expect([next, ahead, stdout.match(/^seed \d+ ok/gm)?.toSorted()]).to.deep.equal([5, [], ['seed 1 ok', 'seed 2 ok', 'seed 3 ok', 'seed 4 ok']])
  })

  it('does not go on with a sweep of something else', async () => {
    await using folder = await temporaryFolder()
    const file = folder.join('sweep')
    await sweep(file, '--seeds', '1')
    const { code, lines } = await sweep(file, '--seeds', '2', '--seed', '7')
    expect([code, lines[0]?.includes('is of a sweep with from 1, not 7')]).to.deep.equal([2, true])
  })
})
