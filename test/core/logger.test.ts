import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { createLogger, silentLogger, type LogFormat, type LogLevel } from '../../packages/core/src/logger.ts'

function makeLogger (format: LogFormat = 'json', level: LogLevel = 'debug') {
  const clock = new VirtualClock()
  const lines: string[] = []
  return { clock, lines, logger: createLogger({ level, format, clock, write: (line) => lines.push(line) }) }
}

describe('createLogger', () => {
  for (const [level, expected] of [['debug', ['debug', 'info', 'warn', 'error', 'warn']], ['warn', ['warn', 'error', 'warn']], ['error', ['error']]] as const) {
    it(`writes what is at least ${level}`, () => {
      const { lines, logger } = makeLogger('json', level)
      logger.debug('x')
      logger.info('x')
      logger.warn('x')
      logger.error('x')
      logger.warnOnce('key', 'x')
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).to.deep.equal(expected)
    })
  }

  it('writes json as one object a line, whatever is in it', () => {
    const { lines, logger } = makeLogger()
    logger.child({ plugin: 'mdns' }).warn('two\nlines', { n: 1, text: 'a\nb', nested: { x: [] } })
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal([{ time: '2025-01-01T00:00:00.000Z', level: 'warn', message: 'two\nlines', plugin: 'mdns', n: 1, text: 'a\nb', nested: { x: [] } }])
    expect(lines[0]?.includes('\n')).to.equal(false)
  })

  it('writes pretty lines with the time, the level and the fields', () => {
    const { clock, lines, logger } = makeLogger('pretty')
    clock.setNow(Date.UTC(2025, 0, 1, 12, 34, 56, 789))
    logger.info('listens', { port: 3210, host: '127.0.0.1', name: undefined, list: [1] })
    expect(lines).to.deep.equal(['12:34:56.789 INFO  listens port=3210 host=127.0.0.1 name=undefined list=[1]'])
  })

  it('quotes what has spaces, quotes or control characters, so that nobody can forge a line', () => {
    const { lines, logger } = makeLogger('pretty')
    logger.info('seen', { a: 'two words', b: 'x\n12:00:00.000 INFO forged', c: '\u001b[2J', d: '"', e: '', f: 'é' })
    expect(lines[0]?.slice(13)).to.equal('INFO  seen a="two words" b="x\\n12:00:00.000 INFO forged" c="\\u001b[2J" d="\\"" e="" f="é"')
  })

  it('adds the fields of its parents to each line of a child', () => {
    const { lines, logger } = makeLogger('pretty')
    logger.child({ a: 1 }).child({ b: 2 }).info('x', { c: 3 })
    logger.info('y')
    expect(lines.map((line) => line.slice(19))).to.deep.equal(['x a=1 b=2 c=3', 'y'])
  })

  it('lets no character of a peer\'s steer the terminal or turn the direction of text', () => {
    const { lines, logger } = makeLogger('pretty')
    logger.info('seen \u009b2J', { name: '\u007f\u009b2J\u2028\u202e\u2066' })
    expect(/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(lines[0] ?? '')).to.equal(false)
  })

  it('keeps its own columns in json', () => {
    const { lines, logger } = makeLogger()
    logger.warn('real', { message: 'other', level: 'info', time: 0 })
    expect(JSON.parse(lines[0] ?? '')).to.deep.equal({ time: '2025-01-01T00:00:00.000Z', level: 'warn', message: 'real' })
  })
})

describe('Logger.warnOnce', () => {
  it('writes once a key and ten minutes, then says how many were held back', async () => {
    const { clock, lines, logger } = makeLogger('pretty')
    const warn = (key: string) => logger.child({ plugin: 'x' }).warnOnce(key, key, { n: 1 })
    for (const key of ['a', 'a', 'b', 'a']) warn(key)
    await clock.advance(599_999)
    warn('a')
    expect(lines.map((line) => line.slice(19))).to.deep.equal(['a plugin=x n=1', 'b plugin=x n=1'])
    await clock.advance(1)
    warn('a')
    warn('b')
    expect(lines.slice(2).map((line) => line.slice(19))).to.deep.equal(['a plugin=x n=1 repeated=3', 'b plugin=x n=1'])
  })

  it('remembers a thousand keys at most', () => {
    const { lines, logger } = makeLogger()
    for (let key = 0; key <= 1_000; key++) logger.warnOnce(`${key}`, 'x')
    logger.warnOnce('1000', 'x')
    logger.warnOnce('1', 'x')
    expect(lines.length).to.equal(1_001)
    logger.warnOnce('0', 'x')
    expect(lines.length).to.equal(1_002)
  })
})

describe('silentLogger', () => {
  it('writes nothing', () => {
    expect(silentLogger.child({ a: 1 })).to.equal(silentLogger)
  })
})
