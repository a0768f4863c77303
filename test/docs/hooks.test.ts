import { expect } from 'chai'
import { silentLogger, systemClock } from '@akshi/core'
import { HookBoard } from '../../packages/core/src/hooks.ts'
import { readDoc, tableBelow } from './vector-files.ts'

const text = readDoc('hooks.md')
const { hooks } = new HookBoard(silentLogger)
const sections = new Map(text.split('\n## ').slice(1).map((section) => [section.split('\n', 1)[0] ?? '', section]))
const parts = ['Type', 'Kind', 'When it fires', 'What a tap returns', 'What a throw does']

describe('docs/hooks.md', () => {
  it('has a section and a row for each hook, and for nothing else', () => {
    const names = Object.keys(hooks).toSorted()
    const rows = tableBelow(text.slice(text.indexOf('| Hook |')), '').map(([cell = '']) => /`(\w+)`/.exec(cell)?.[1] ?? '')
    expect({ sections: [...sections.keys()].toSorted(), rows: rows.toSorted() }).to.deep.equal({ sections: names, rows: names })
  })

  for (const [name, hook] of Object.entries(hooks)) {
    const section = sections.get(name) ?? ''

    it(`tells of ${name}: ${parts.join(', ')}`, () => {
      expect([...section.matchAll(/^- \*\*(.+?)\*\*: \S/gm)].map(([, part]) => part)).to.deep.equal(parts)
    })

    it(`gives ${name} the class and the arguments that it has`, () => {
      const { _args: args } = hook as unknown as { readonly _args: readonly string[] }
      const [, kind, list = ''] = /^- \*\*Type\*\*: `(\w+)<\[(.*)\][^\]]*>`$/m.exec(section) ?? []
      expect([kind, [...list.matchAll(/(\w+): /g)].map(([, arg]) => arg)]).to.deep.equal([hook.constructor.name, args])
    })

    it(`has an example that taps ${name} and nothing else`, () => {
      const board = new HookBoard(silentLogger)
      const example = /```js\n(.*?)```/s.exec(section)?.[1] ?? ''
      // eslint-disable-next-line no-new-func -- runs what the page shows
      new Function('hooks', 'logger', 'clock', example)(board.facade(), silentLogger, systemClock)
      expect(Object.entries(board.hooks).filter(([, { taps }]) => taps.length > 0).map(([each]) => each)).to.deep.equal([name])
    })
  }

  it('has examples that do what they say', async () => {
    const board = new HookBoard(silentLogger)
    const lastHour = { ...systemClock, now: () => new Date(2024, 0, 1, 23).getTime() }
    for (const [, example = ''] of text.matchAll(/```js\n(.*?)```/gs)) {
      // eslint-disable-next-line no-new-func -- runs what the page shows
      new Function('hooks', 'logger', 'clock', example)(board.facade(), silentLogger, lastHour)
    }
    const { beforeWrite, beforeEnvelopeSend, selectTransport, assembleAnnouncement } = board.hooks
    const choices = [{ transport: 'http', reach: 'peer', reason: '' }, { transport: 'fs', reach: 'shared', reason: '' }] as const
    const envelope = { kind: 'journal', feed: { journal: 'notes', part: 'log', origin: 'did:key:z6Mk' }, seq: 1, to: 'fs' } as const
    expect({
      secret: (await beforeWrite.promise({ part: 'log', journal: 'notes', kind: 'secret', body: 1 }))?.reason,
      note: await beforeWrite.promise({ part: 'log', journal: 'notes', kind: 'note', body: 1 }),
      large: (await beforeEnvelopeSend.promise({ ...envelope, bytes: new Uint8Array(100_001) }))?.retryAfterMs,
      small: await beforeEnvelopeSend.promise({ ...envelope, bytes: new Uint8Array(1) }),
      beta: selectTransport.call(choices, { name: 'beta' } as never),
      gamma: selectTransport.call(choices, { name: 'gamma' } as never),
      extra: assembleAnnouncement.call({ extra: { other: 1 } } as never).extra
    }).to.deep.equal({
      secret: 'guard: that looks like a private key',
      note: undefined,
      large: 600_000,
      small: undefined,
      beta: [choices[1]],
      gamma: choices,
      extra: { other: 1, greeter: 'hello' }
    })
  })
})
