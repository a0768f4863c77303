import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { printable, shortHeads, table, Terminal, wantsColour } from '../../packages/cli/src/terminal.ts'

describe('terminal output', () => {
  it('shows what could steer the terminal instead of sending it', () => {
    expect(printable('a\u001b[2Jb\nc\td\u202ee\u009bf')).to.equal('a\\u001b[2Jb\\nc\\td\\u202ee\\u009bf')
    expect(printable('Grüße, 世界 ✓')).to.equal('Grüße, 世界 ✓')
  })

  it('aligns columns by what is seen, not by colour codes', () => {
    expect(table([['A', 'N'], ['\u001b[1mlong\u001b[22m', '7'], ['b', '10']], [1])).to.deep.equal([
      'A      N', '\u001b[1mlong\u001b[22m   7', 'b     10'
    ])
  })

  it('colours a terminal, unless it was asked not to', () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true })
    expect([
      wantsColour(terminal, {}), wantsColour(terminal, { NO_COLOR: '' }), wantsColour(terminal, { NO_COLOR: '1' }),
      wantsColour(terminal, { TERM: 'dumb' }), wantsColour(terminal, {}, false), wantsColour(new PassThrough(), {})
    ]).to.deep.equal([true, true, false, false, false, false])
  })

  it('writes a result as one JSON document or as lines', () => {
    const stdout = new PassThrough()
    new Terminal(stdout, { json: true, colour: false }).result({ a: 1 }, () => ['never'])
    new Terminal(stdout, { json: false, colour: false }).result({ a: 1 }, () => ['one', 'two'])
    expect(String(stdout.read())).to.equal('{"a":1}\none\ntwo\n')
  })

  it('shortens heads to what can be compared by eye', () => {
    const head = (digit: string) => digit.repeat(64)
    expect([[], [head('a')], ['a', 'b', 'c', 'd', 'e'].map(head)].map(shortHeads)).to.deep.equal([
      '-', 'aaaaaaaa', 'aaaaaaaa bbbbbbbb cccccccc +2'
    ])
  })
})
