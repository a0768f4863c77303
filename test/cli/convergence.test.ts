import { createIdentity, type Convergence, type FeedRange } from '@akshi/core'
import { expect } from 'chai'
import { Folder } from './support/command.ts'
import { answerOf, peerOf } from './support/convergence-answer.ts'
import { FakeNode } from './support/fake-node.ts'
import { StepClock } from './support/step-clock.ts'

const { did } = createIdentity()
const feed = { journal: 'notes', part: 'log', origin: did, name: 'alpha' } as const
const range: FeedRange = { ...feed, from: 2, to: 3, envelopes: 2 }

describe('akshi convergence', () => {
  let folder: Folder
  beforeEach(async () => { folder = await Folder.create() })
  afterEach(() => folder[Symbol.asyncDispose]())

  /** What the command prints when the node answers so, and the paths that it asked for. */
  const run = async (answer: Convergence, ...argv: string[]) => {
    await using node = await FakeNode.start(`${folder.path}/.akshi`, () => ({ body: answer }))
    const { code, stdout, stderr } = await folder.akshi(['convergence', ...argv], { clock: new StepClock() })
    return { code, lines: stdout.split('\n'), stderr, asked: node.requests.map(({ path }) => path) }
  }

  it('ends with 0 and few lines when all have the same', async () => {
    const beta = peerOf({ name: 'beta', said_at: new Date(-4_000).toISOString() })
    expect(await run(answerOf({ peers: [beta], heads: ['abcdef0123'], reason: 'every trusted peer (1) has the same' }))).to.deep.equal({
      code: 0,
      lines: [
        'all journals: converged',
        '  every trusted peer (1) has the same',
        '  heads abcdef01',
        '',
        'peers',
        '  PEER  STATE      LACKS  HAS MORE  SAID SO',
        '  beta  converged      0         0  4 s ago',
        ''
      ],
      stderr: '',
      asked: ['/api/v1/sync/convergence']
    })
  })

  it('ends with 5 and tells what is missing where, who has it, why, and what to do', async () => {
    const beta = peerOf({ name: 'be\u001bta', lag: 2, behind: 3, converged: false, missing_there: [range], held: [{ ...feed, reason: 'held back here: quota', retry_in_ms: 5_000 }], said_at: new Date(-300_000).toISOString() })
    const gamma = peerOf({ name: 'gamma', lag: 2, converged: false, linked: false, missing_there: [range], withheld: [{ ...range, from: 0, to: 0, envelopes: 0 }], differing: [feed] })
    const { code, lines, stderr, asked } = await run(answerOf({
      agent: 'notes',
      peers: [beta, gamma],
      converged: false,
      reason: 'because',
      missing: [
        { ...range, from: 5, to: 7, envelopes: 3, has: [beta.peer_id, gamma.peer_id], shared: ['fs'], reason: 'it has not come yet' },
        { ...range, from: 9, to: 9, envelopes: 1, unknown_path: true, has: [], reason: 'lost' }
      ],
      parked: [{ ...feed, why: 'trust', reason: 'waiting for trust in alpha', items: 2, bytes: 1_200 }],
      vouched: [{ journal: 'notes', origin: did, name: 'alpha', envelopes: 4 }],
      quarantined: [{ reason: 'a bit flipped', times: 2 }, { id: 'ab'.repeat(32), reason: 'it kills', times: 2 }],
      forks: [{ ...feed, tips: [{ seq: 3, id: 'a'.repeat(64) }, { seq: 2, id: 'b'.repeat(64) }] }]
    }), 'notes')
    expect({ code, stderr, asked }).to.deep.equal({ code: 5, stderr: '', asked: ['/api/v1/sync/convergence?agent=notes'] })
    expect(lines).to.deep.equal([
      'notes: not converged',
      '  because',
      '  heads -',
      '',
      'peers',
      '  PEER        STATE          LACKS  HAS MORE  SAID SO',
      '  be\\u001bta  not converged      2         3  5 min ago',
      '  gamma       not linked         2         0  not yet',
      '',
      'missing there',
      '  PEER        JOURNAL    WRITTEN BY  ENVELOPES  WHY',
      '  be\\u001bta  notes log  alpha       2-3        held back here: quota, again in 5 s',
      '  gamma       notes log  alpha       2-3        no working link',
      '',
      'missing here',
      '  JOURNAL    WRITTEN BY  ENVELOPES          WHO HAS IT             WHY',
      '  notes log  alpha       5-7                be\\u001bta, gamma, fs  it has not come yet',
      '  notes log  alpha       9 of another path  nobody known           lost',
      '',
      'same envelopes, other heads',
      '  PEER   JOURNAL    WRITTEN BY',
      '  gamma  notes log  alpha',
      '',
      'parked here',
      '  JOURNAL    WRITTEN BY  ITEMS    SIZE  WHY',
      '  notes log  alpha           2  1.2 kB  waiting for trust in alpha',
      '',
      'quarantined',
      '  TIMES  WHY',
      '      2  a bit flipped',
      '      2  abababab: it kills',
      '',
      'forked',
      '  JOURNAL    WRITTEN BY  PATHS END WITH',
      '  notes log  alpha       3/aaaaaaaa 2/bbbbbbbb',
      '',
      'withheld',
      '  PEER   JOURNAL    WRITTEN BY  ENVELOPES  WHY',
      '  gamma  notes log  alpha       none now   it does not trust alpha',
      '',
      'vouched for here',
      '  JOURNAL      WRITTEN BY  ENVELOPES',
      '  notes state  alpha               4',
      '',
      'Next: akshi why gamma tells what became of its addresses',
      'Next: start a node that has what is missing, or bring it in: akshi journal import FILE',
      `Next: akshi trust ${did} takes in what waits for it, if you know it`,
      'Next: akshi journal verify checks what is on disk here',
      ''
    ])
  })

  it('shows a few rows of each list, and how many more there are', async () => {
    const rows = Array.from({ length: 8 }, (_, index) => ({ ...range, journal: `j${index}` }))
    const all = await run(answerOf({ converged: false, peers: [peerOf({ converged: false, missing_there: rows })] }))
    const most = await run(answerOf({ converged: false, peers: [peerOf({ converged: false, missing_there: rows, left_out: { missing_there: 10, missing_here: 0, withheld: 0, held: 0, differing: 0 } })] }))
    expect([all, most].map(({ lines }) => lines.filter((line) => line.startsWith('  peer  j') || line.startsWith('  and ') || line.startsWith('Next')).slice(5))).to.deep.equal([
      ['  peer  j5 log   alpha       2-3        on its way', '  and 2 more: --json shows them', 'Next: akshi wait --converged waits for it'],
      ['  peer  j5 log   alpha       2-3        on its way', '  and 12 more', 'Next: akshi wait --converged waits for it']
    ])
  })

  it('tells one that knows nobody how to go on', async () => {
    const { lines } = await run(answerOf({ converged: false, reason: 'no trusted peer is known' }))
    expect(lines).to.deep.equal(['all journals: not converged', '  no trusted peer is known', '  heads -', '', 'Next: akshi peers shows whom to trust', ''])
  })

  it('gives the node\'s answer with --json, and the same exit codes', async () => {
    const answers = [answerOf({ converged: true }), answerOf({ converged: false, reason: 'x' })]
    const seen = []
    for (const answer of answers) seen.push(await run(answer, '--json'))
    expect(seen.map(({ code, lines, stderr }) => [code, JSON.parse(lines[0] ?? ''), lines.length, stderr])).to.deep.equal([[0, answers[0], 2, ''], [5, answers[1], 2, '']])
  })
})
