import { expect } from 'chai'
import { settle } from '@akshi/testkit'
import { SerialQueue } from '../../packages/core/src/serial-queue.ts'
import { failureOf } from '../support/failures.ts'

describe('SerialQueue', () => {
  it('runs one task at a time in the order they came, whatever became of those before', async () => {
    const queue = new SerialQueue()
    const log: string[] = []
    const task = (name: string) => async () => {
      log.push(`+${name}`)
      await settle()
      log.push(`-${name}`)
      if (name === 'b') throw new Error(name)
      return name
    }
    const results = [queue.run(task('a')), failureOf(() => queue.run(task('b'))), failureOf(() => queue.run(() => { throw new Error('now') })), queue.run(task('c'))]
    expect((await Promise.all(results)).map((result) => result instanceof Error ? result.message : result)).to.deep.equal(['a', 'b', 'now', 'c'])
    expect(log).to.deep.equal(['+a', '-a', '+b', '-b', '+c', '-c'])
  })
})
