import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import type { Did } from '@akshi/core'
import { HookBoard, type OutgoingEnvelope, type OutgoingJournalItem, type Veto } from '../../../packages/core/src/hooks.ts'
import { SendGate } from '../../../packages/core/src/sync/send-gate.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'

const [one, two, origin] = [madeUpDid(1), madeUpDid(2), madeUpDid(3)]
const hangs = 'taps of beforeEnvelopeSend did not decide within 2.5 s'
const never = () => new Promise<never>(() => {})

/** An item as far as the gate looks at it. */
function item (seq: number, journal = 'notes', to: Did | string = one): OutgoingJournalItem {
  return { kind: 'journal', feed: { journal, part: 'log', origin }, seq, bytes: Buffer.of(seq), to }
}

/** A gate, with a tap unless there is none. */
function gate (tap?: (envelope: OutgoingEnvelope) => Promise<Veto | undefined>) {
  const clock = new VirtualClock()
  const { hooks } = new HookBoard(lineLogger().logger)
  const asked: unknown[] = []
  if (tap !== undefined) {
    hooks.beforeEnvelopeSend.tapPromise('guard', async (envelope) => {
      asked.push(envelope.kind === 'journal' ? [envelope.feed.journal, envelope.seq, envelope.to] : [])
      return await tap(envelope)
    })
  }
  const made = new SendGate(hooks, clock)
  /** What it decides in the end. */
  const decided = async (outgoing: OutgoingJournalItem) => {
    const progress = { isOver: false }
    const call = made.decide(outgoing).finally(() => { progress.isOver = true })
    for (let ms = 0; ms < 10_000 && !progress.isOver; ms++) await clock.advance(1)
    return await call
  }
  return { clock, gate: made, asked, decided }
}

describe('SendGate', () => {
  it('lets all through where nobody taps, and what the tap does not veto', async () => {
    const pass = { veto: undefined, hung: false }
    const { gate: tapped, asked } = gate(async () => undefined)
    expect([await gate().gate.decide(item(1)), await tapped.decide(item(1)), await tapped.decide(item(2, 'notes', 'fs'))]).to.deep.equal([pass, pass, pass])
    expect(asked).to.deep.equal([['notes', 1, one], ['notes', 2, 'fs']])
  })

  it('gives the veto as it is, and a tap that throws as one without a time; neither hung, and both are asked again', async () => {
    const veto = { reason: 'quota', retryAfterMs: 5 }
    const vetoing = gate(async () => veto)
    const throwing = gate(async () => { throw new Error('boom') })
    const decisions = [await vetoing.gate.decide(item(1)), await throwing.gate.decide(item(1)), await vetoing.gate.decide(item(1)), await throwing.gate.decide(item(1))]
    const boom = { reason: 'A tap of beforeEnvelopeSend failed: boom' }
    expect(decisions).to.deep.equal([{ veto, hung: false }, { veto: boom, hung: false }, { veto, hung: false }, { veto: boom, hung: false }])
    expect([vetoing.asked.length, throwing.asked.length, vetoing.clock.delays, throwing.clock.delays]).to.deep.equal([2, 2, [], []])
  })

  it('vetoes for a tap that has not decided after two and a half seconds, and says that it hung', async () => {
    const { clock, decided } = gate(never)
    expect([await decided(item(1)), clock.monotonic(), clock.delays]).to.deep.equal([{ veto: { reason: hangs, retryAfterMs: 60_000 }, hung: true }, 2_500, []])
  })

  it('waits for a tap that takes less', async () => {
    const { clock, decided } = gate(async () => { await clock.sleep(1_999); return undefined })
    expect(await decided(item(1))).to.deep.equal({ veto: undefined, hung: false })
  })

  it('does not ask about that feed and receiver for a minute, and says how much of it is left', async () => {
    const { clock, decided, gate: made, asked } = gate(never)
    await decided(item(1))
    await clock.advance(59_999)
    expect([await made.decide(item(2)), asked.length]).to.deep.equal([{ veto: { reason: hangs, retryAfterMs: 1 }, hung: false }, 1])
    await clock.advance(1)
    expect([await decided(item(2)), asked.length]).to.deep.equal([{ veto: { reason: hangs, retryAfterMs: 60_000 }, hung: true }, 2])
  })

  it('asks about other feeds and for other receivers meanwhile', async () => {
    const { decided, gate: made, asked } = gate(async (envelope) => envelope.kind === 'journal' && envelope.feed.journal === 'notes' && envelope.to === one ? await never() : undefined)
    await decided(item(1))
    const others = [await made.decide(item(1, 'other')), await made.decide(item(1, 'notes', two)), await made.decide(item(1, 'notes', 'fs'))]
    expect([others.map(({ veto }) => veto), asked.length]).to.deep.equal([[undefined, undefined, undefined], 4])
  })

  it('asks about each item again once the tap decides', async () => {
    let isHanging = true
    const { clock, decided, gate: made, asked } = gate(async () => isHanging ? await never() : undefined)
    await decided(item(1))
    isHanging = false
    await clock.advance(60_000)
    expect([(await made.decide(item(1))).veto, (await made.decide(item(2))).veto, asked.length]).to.deep.equal([undefined, undefined, 3])
  })
})
