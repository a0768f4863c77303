import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { drawFrame } from '../../packages/cli/src/demo/frame.ts'
import { PlainLog } from '../../packages/cli/src/demo/plain-log.ts'
import { cut } from '../../packages/cli/src/demo/screen.ts'
import { sameHeads, type NodeSight } from '../../packages/cli/src/demo/sight.ts'
import { Terminal } from '../../packages/cli/src/terminal.ts'

const terminal = new Terminal(new PassThrough(), { json: false, colour: false })
const sight = (name: string, rest: Partial<NodeSight> = {}): NodeSight => ({
  name, url: `http://127.0.0.1:4000${name.length}`, peers: ['beta', 'gamma'], transport: ['http'], linked: 2, reason: 'all linked', entries: 7, lag: 0, heads: ['abcdef0123'], ...rest
})
const three = (rest: Partial<NodeSight> = {}) => [sight('alpha'), sight('beta', rest), sight('gamma')]

describe("the demo's frame", () => {
  const draw = (sights: readonly NodeSight[]) => drawFrame(sights, { peers: true, elapsedMs: 65_000 }, terminal)

  it('shows per node what matters, a shared reason once, and that all have the same', () => {
    expect(draw(three())).to.deep.equal([
      '', 'Akshi mesh  three nodes, no peers configured, found by mDNS  1:05', '',
      'NODE   PEERS       TRANSPORT  ENTRIES  LAG  HEADS',
      'alpha  beta gamma  http             7    0  abcdef01',
      'beta   beta gamma  http             7    0  abcdef01',
      'gamma  beta gamma  http             7    0  abcdef01',
      '', 'http: all linked', '', '● converged: 3 nodes, 7 entries, identical heads', '',
      'alpha  http://127.0.0.1:40005', 'beta   http://127.0.0.1:40004', 'gamma  http://127.0.0.1:40005',
      '', 'Ctrl-C stops the nodes and removes what they wrote.'
    ])
  })

  it('says who lacks what, and why a node differs', () => {
    const lines = draw(three({ entries: 5, heads: ['00'], transport: ['fs'], reason: 'nobody there' }))
    expect(lines).to.include.members(['○ converging: beta lacks 2', 'alpha, gamma: http: all linked', 'beta: fs: nobody there'])
  })

  it('shows how a node ended and goes by the others', () => {
    const lines = draw(three({ heads: ['00'], end: { how: 'SIGKILL', log: ['last \u001b words'] } }))
    expect(lines).to.include.members(['● converged: 2 nodes, 7 entries, identical heads', 'beta ended (SIGKILL); the end of its log:', '  last \\u001b words'])
  })

  it('fits 80 columns, however long the reasons are', () => {
    const lines = draw(three({ reason: 'because '.repeat(40) }))
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(80)
  })

  it('is cut to the terminal, styles left whole', () => {
    expect([cut('abcdef', 6), cut('abcdefg', 6), cut('\u001b[1mabcdefg\u001b[22m', 3)]).to.deep.equal([
      'abcdef', 'abcde…', '\u001b[1mab\u001b[22m…'
    ])
  })
})

describe('the demo without a terminal', () => {
  it('writes a line for each change and none for each entry', () => {
    const lines: string[] = []
    const log = new PlainLog((line) => lines.push(line))
    log.show([sight('alpha', { transport: ['fs'], heads: ['a'] }), sight('beta', { heads: ['b'] })])
    lines.length = 0
    log.show([sight('alpha'), sight('beta')])
    log.show([sight('alpha', { entries: 8 }), sight('beta', { entries: 8 })])
    expect(lines).to.deep.equal(['alpha: transport: http, all linked', 'mesh: converged, 7 entries, heads abcdef01'])
  })
})

describe('sameHeads', () => {
  it('needs something to compare, and counts only nodes that run', () => {
    const end = { how: 'exit code 1', log: [] }
    expect([
      sameHeads(three()), sameHeads(three({ heads: ['00'] })), sameHeads(three({ heads: ['00'], end })),
      sameHeads([sight('alpha', { heads: [] })]), sameHeads([])
    ]).to.deep.equal([true, false, true, false, false])
  })
})
