import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runAkshi } from './support/akshi-process.ts'

describe('akshi demo --once, as it is installed', function () {
  this.timeout(60_000)

  it('ends with exit code 0 and the timings once three nodes have converged over HTTP', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout } = await runAkshi(['demo', '--once'], folder.path)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^ *\d+\.\d\d s {2}HTTP chosen between all$/m).and.match(/converged: 60 entries on each node, identical heads/)
  })

  it('does the same through the shared folder with --no-peers', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout } = await runAkshi(['demo', '--once', '--no-peers'], folder.path)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^ *\d+\.\d\d s {2}the shared folder chosen by all$/m).and.match(/converged: 60 entries on each node, identical heads/)
  })
})
