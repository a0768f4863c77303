import { expectReason, expectThat } from './conformance-case.ts'
import { never } from './material.ts'
import { anyCase, peerCase, type TransportCase } from './transport-case.ts'
import { outcomeOf } from './stage.ts'
import { asks, expectCode, type Actor, type TransportStage } from './transport-stage.ts'

/** How transports of any reach begin and end, and what they do about a signal that has aborted. */
export const lifeCases: readonly TransportCase[] = [
  anyCase({
    name: 'rejects with the reason of an abort that came before the call',
    promise: 'Each call rejects with signal.reason on abort.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const link = await linkBetween(stage, alpha, beta)
      for (const { kind, of } of asks) {
        const reason = new Error('aborted before the call')
        const outcome = await stage.within(outcomeOf(of(link, AbortSignal.abort(reason))), `the end of an aborted call (${kind})`)
        expectReason(outcome, reason, `A call (${kind}) with an aborted signal`)
      }
    }
  }),
  anyCase({
    name: 'says that it is not running once it has stopped',
    promise: 'Calls, and connect before them, fail with MESH_NOT_RUNNING when the transport was stopped.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const link = await linkBetween(stage, alpha, beta)
      for (const { of } of asks) await stage.within(of(link, never), 'a call')
      await stage.within(alpha.transport.stop(), 'stop')
      for (const { kind, of } of asks) {
        expectCode(await stage.within(outcomeOf(of(link, never)), 'a call'), 'MESH_NOT_RUNNING', `A call (${kind}) on a link of a transport that has stopped`)
        const late = linkBetween(stage, alpha, beta).then((each) => of(each, never))
        expectCode(await stage.within(outcomeOf(late), 'a call'), 'MESH_NOT_RUNNING', `A new link, or a call (${kind}) on it, of a transport that has stopped`)
      }
    }
  }),
  peerCase({
    name: 'ends the calls that are under way when it stops',
    promise: 'stop closes links and sockets and leaves nothing behind, so that no call waits for ever.',
    source: 'transport.ts, Transport.stop',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      for (const actor of [alpha, beta]) actor.receiver.hold = new Promise(() => {})
      const calls = []
      for (const { kind, of } of asks) {
        const came = beta.receiver.next(kind)
        calls.push(outcomeOf(of(await stage.link(alpha, beta), never)))
        await stage.within(came, `a call (${kind}) at the receiver`)
      }
      await stage.within(alpha.transport.stop(), 'stop while calls are under way')
      const outcomes = await stage.within(Promise.all(calls), 'the end of the calls that were under way at stop')
      expectThat(!outcomes.includes('resolved'), 'A call resolved that nobody has answered')
    }
  }),
  anyCase({
    name: 'stops before start, and twice',
    promise: 'stop is safe at any time, also before start.',
    source: 'docs/plugin-authors.md, What setup does',
    async play (stage) {
      const { transport } = await stage.makeActor()
      await stage.within(transport.stop(), 'stop before start')
      await stage.within(transport.stop(), 'a second stop before start')
      const started = await stage.actor()
      await stage.within(Promise.all([started.transport.stop(), started.transport.stop()]), 'two stops at once')
      await stage.within(started.transport.stop(), 'a third stop')
    }
  }),
  anyCase({
    name: 'gives up a start that is aborted, and can be stopped then',
    promise: 'The signal aborts a start; the part that failed to start is stopped too, and leaves nothing.',
    source: 'transport.ts, Transport.start; docs/plugin-authors.md, What setup does',
    async play (stage) {
      const actor = await stage.makeActor()
      const reason = new Error('the start took too long')
      const outcome = await stage.within(outcomeOf(actor.transport.start(actor.receiver, AbortSignal.abort(reason))), 'the end of an aborted start')
      expectReason(outcome, reason, 'An aborted start')
      await stage.within(actor.transport.stop(), 'stop after a start that failed')
      await stage.expectNothingLeft()
      await stage.actor(actor.identity)
    }
  }),
  anyCase({
    name: 'leaves no timer, socket or handle when it stops',
    promise: 'stop closes links and sockets; it leaves nothing behind.',
    source: 'transport.ts, Transport.stop',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const link = await linkBetween(stage, alpha, beta)
      for (const { of } of asks) await stage.within(of(link, never), 'a call')
      for (const { transport } of [alpha, beta]) await stage.within(transport.stop(), 'stop')
      await stage.expectNothingLeft()
    }
  })
]

/** A link to the peer, or to what both share. */
async function linkBetween (stage: TransportStage, from: Actor, to: Actor) {
  return await stage.link(from, from.transport.reach === 'peer' ? to : undefined)
}
