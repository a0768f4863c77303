import type { NewEntry } from '@akshi/core'
import { MeshError } from '@akshi/core'
import { expect } from 'chai'
import { appendLines } from '../../packages/cli/src/line-appender.ts'

describe('appendLines', () => {
  it('appends each batch in order, one request at a time', async () => {
    const sink = new Sink()
    const tally = await appendLines(sink, { journal: 'a', json: false, kind: 'log' }, batches(['1', '2'], [], ['3']))
    expect(sink.appended).to.deep.equal([
      [{ kind: 'log', body: '1' }, { kind: 'log', body: '2' }], [{ kind: 'log', body: '3' }]
    ])
    expect({ entries: tally.entries, seq: tally.last?.seq, most: sink.mostAtOnce }).to.deep.equal({ entries: 3, seq: 2, most: 1 })
  })

  it('appends nothing for no lines', async () => {
    const sink = new Sink()
    expect(await appendLines(sink, { journal: 'a', json: false }, batches([]))).to.deep.equal({ entries: 0 })
    expect(sink.appended).to.deep.equal([])
  })

  it('takes JSON bodies and skips empty lines', async () => {
    const sink = new Sink()
    await appendLines(sink, { journal: 'a', json: true }, batches(['{"x":1}', ' ', '"text"', 'null']))
    expect(sink.appended).to.deep.equal([[{ body: { x: 1 } }, { body: 'text' }, { body: null }]])
  })

  it('appends what is before a line that is no JSON, then names the line', async () => {
    const sink = new Sink()
    const error = await appendLines(sink, { journal: 'a', json: true }, batches(['1', '2'], ['3', '{oops', '5'])).catch((thrown: unknown) => thrown)
    expect(sink.appended.flat()).to.deep.equal([{ body: 1 }, { body: 2 }, { body: 3 }])
    expect(error).to.have.property('code', 'MESH_ENTRY_INVALID')
    expect((error as Error).message).to.match(/^Line 4 .*\(3 entries before that were acknowledged\)$/)
  })

  it('says how much was acknowledged when the node fails', async () => {
    const sink = new Sink(1)
    const error = await appendLines(sink, { journal: 'a', json: false }, batches(['1', '2'], ['3'])).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('code', 'MESH_NOT_RUNNING')
    expect((error as Error).message).to.include('2 entries before that were acknowledged')
  })
})

class Sink {
  readonly appended: (readonly NewEntry[])[] = []
  mostAtOnce = 0
  #now = 0
  readonly #failsAfter: number

  constructor (failsAfter = Infinity) {
    this.#failsAfter = failsAfter
  }

  async append (_journal: string, entries: readonly NewEntry[]) {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now)
    await Promise.resolve()
    this.#now--
    if (this.appended.length >= this.#failsAfter) throw new MeshError('MESH_NOT_RUNNING', 'gone')
    this.appended.push(entries)
    return { ids: entries.map(() => 'id'), seq: this.appended.length, durability: 'fsync' as const }
  }
}

async function * batches (...lines: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield * lines
}
