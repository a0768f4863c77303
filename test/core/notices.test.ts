import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { Notices } from '../../packages/core/src/notices.ts'
import { lineLogger } from '../support/line-logger.ts'

describe('Notices', () => {
  it('count each kind, newest first, and log it once', async () => {
    const { logger, lines } = lineLogger()
    const clock = new VirtualClock()
    const notices = new Notices(clock, logger)
    notices.add('A', 'one')
    notices.add('A', 'two')
    notices.add('B', 'one')
    await clock.advance(1_000)
    notices.add('A', 'one')
    const at = '2025-01-01T00:00:00.000Z'
    expect(notices.all()).to.deep.equal([
      { code: 'A', message: 'one', count: 2, at: '2025-01-01T00:00:01.000Z' }, { code: 'B', message: 'one', count: 1, at }, { code: 'A', message: 'two', count: 1, at }
    ])
    expect(lines).to.deep.equal(['warn one', 'warn two', 'warn one'])
  })

  it('keep fifty kinds, and drop the one that was quiet longest', () => {
    const notices = new Notices(new VirtualClock(), lineLogger().logger)
    for (let kind = 0; kind < 50; kind++) notices.add('A', `${kind}`)
    notices.add('A', '0')
    notices.add('A', 'new')
    const messages = notices.all().map(({ message }) => message)
    expect([messages.length, messages.slice(0, 3), messages.at(-1), messages.includes('1')]).to.deep.equal([50, ['new', '0', '49'], '2', false])
  })
})
