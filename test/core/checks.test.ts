import { execFileSync } from 'node:child_process'
import { VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { Checks, shellWord } from '@akshi/core'
import { failureOf } from '../support/failures.ts'

const never = () => new Promise<never>(() => {})

describe('Checks', () => {
  it('give the findings of all, worst first, each with the topic of its check', async () => {
    const checks = new Checks(new VirtualClock())
    checks.add('one', () => [{ level: 'ok', message: 'a' }, { level: 'failure', message: 'b', fix: 'true' }])
    checks.add('two', async () => [{ level: 'note', message: 'c' }, { level: 'warning', message: 'd' }, { level: 'failure', message: 'e' }])
    expect(await checks.run()).to.deep.equal([
      { topic: 'one', level: 'failure', message: 'b', fix: 'true' },
      { topic: 'two', level: 'failure', message: 'e' },
      { topic: 'two', level: 'warning', message: 'd' },
      { topic: 'two', level: 'note', message: 'c' },
      { topic: 'one', level: 'ok', message: 'a' }
    ])
  })

  it('say of one that throws or rejects that it did, and ask the others', async () => {
    const checks = new Checks(new VirtualClock())
    checks.add('one', () => { throw new Error('no socket') })
    checks.add('two', async () => { throw new Error('no folder') })
    checks.add('three', () => [{ level: 'ok', message: 'fine' }])
    expect(await checks.run()).to.deep.equal([
      { topic: 'one', level: 'warning', message: 'this check itself failed: no socket' },
      { topic: 'two', level: 'warning', message: 'this check itself failed: no folder' },
      { topic: 'three', level: 'ok', message: 'fine' }
    ])
  })

  it('give up one that hangs after 5 s, and abort its signal', async () => {
    const clock = new VirtualClock()
    const checks = new Checks(clock)
    let seen: AbortSignal | undefined
    checks.add('a mount', (signal) => { seen = signal; return never() })
    checks.add('three', () => [{ level: 'ok', message: 'fine' }])
    let found: unknown
    const run = checks.run().then((findings) => { found = findings })
    await clock.advance(4_999)
    expect([found, seen?.aborted]).to.deep.equal([undefined, false])
    await clock.advance(1)
    await run
    expect([seen?.aborted, found]).to.deep.equal([true, [
      { topic: 'a mount', level: 'warning', message: 'this check itself failed: checking a mount took longer than 5 s.' },
      { topic: 'three', level: 'ok', message: 'fine' }
    ]])
  })

  it('reject with the reason of an abort', async () => {
    const checks = new Checks(new VirtualClock())
    const [stop, reason] = [new AbortController(), new Error('enough')]
    checks.add('one', never)
    const failure = failureOf(() => checks.run(stop.signal))
    stop.abort(reason)
    expect(await failure).to.equal(reason)
  })

  it('ask one that was taken out no more, and still its namesake', async () => {
    const checks = new Checks(new VirtualClock())
    const remove = checks.add('one', () => [{ level: 'ok', message: 'first' }])
    checks.add('one', () => [{ level: 'ok', message: 'second' }])
    remove()
    expect((await checks.run()).map(({ message }) => message)).to.deep.equal(['second'])
  })
})

describe('shellWord', () => {
  it('gives back what a shell takes for one word', () => {
    for (const text of ['/home/a/.akshi', 'with space', "it's", '$(reboot)', 'a;b', '']) {
      expect(execFileSync('sh', ['-c', `printf '[%s]' ${shellWord(text)}`]).toString()).to.equal(`[${text}]`)
    }
    expect(shellWord('/home/a/.akshi')).to.equal('/home/a/.akshi')
  })
})
