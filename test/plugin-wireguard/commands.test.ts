import { expect } from 'chai'
import { systemCommands } from '@akshi/plugin-wireguard'
import { commandsWithin } from '../../packages/plugin-wireguard/src/commands.ts'
import { failureOf } from '../support/failures.ts'

describe('systemCommands', () => {
  it('give what a program prints, and what it complains of when it fails', async () => {
    expect(await systemCommands.run('cat', [], 'in')).to.equal('in')
    expect(String(await failureOf(() => systemCommands.run('sh', ['-c', 'echo no >&2; exit 3'])))).to.include('no')
    expect((await failureOf(() => systemCommands.run('no-such-program', [])) as { code?: string }).code).to.equal('ENOENT')
  })

  it('kill a program that hangs, also when it has started another one, and say so', async () => {
    const startedAt = performance.now()
    const failures = await Promise.all([['sleep', '60'], ['sh', '-c', 'trap "" TERM; sleep 5; true']].map(([program = '', ...args]) => failureOf(() => commandsWithin(200).run(program, args))))
    expect(failures.map((failure) => String(failure).includes('did not end within 0.2 s'))).to.deep.equal([true, true])
    expect(performance.now() - startedAt).to.be.lessThan(5_000)
  })

  it('tell why what was started has ended, however it did', async () => {
    const [left, killed] = [systemCommands.start('sh', ['-c', 'echo why >&2; exit 1']), systemCommands.start('sleep', ['60'])]
    killed.kill('SIGKILL')
    expect([await left.ended, await killed.ended]).to.deep.equal(['why', 'SIGKILL'])
  })
})
