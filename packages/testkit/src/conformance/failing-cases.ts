import type { Address, Link } from '@akshi/core'
import { expectReason, expectSame, expectThat } from './conformance-case.ts'
import { never } from './material.ts'
import { peerCase, type TransportCase } from './transport-case.ts'
import { outcomeOf } from './stage.ts'
import { asks, expectCode, type Actor, type Ask, type TransportStage } from './transport-stage.ts'

/** What links to a peer do when something goes wrong. */
export const failingCases: readonly TransportCase[] = [
  peerCase({
    name: 'calls a peer unreachable that does not run',
    promise: 'A call, or connect before it, fails with MESH_PEER_UNREACHABLE when the peer is unreachable.',
    source: 'transport.ts, Link and Transport.connect',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const addresses = beta.addresses()
      await stage.within(beta.transport.stop(), 'stop')
      for (const ask of asks) {
        expectCode(await attempt(stage, alpha, beta, ask, () => addresses), 'MESH_PEER_UNREACHABLE', `A call (${ask.kind}) to a node that has stopped`)
        expectCode(await attempt(stage, alpha, beta, ask, () => []), 'MESH_PEER_UNREACHABLE', `A call (${ask.kind}) to a node with no address`)
      }
    }
  }),
  peerCase({
    name: 'asks for the addresses anew',
    promise: '`addresses` is asked anew at each dial, because addresses come and go.',
    source: 'transport.ts, LinkTarget',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      let addresses: readonly Address[] = []
      const dial = (ask: Ask) => attempt(stage, alpha, beta, ask, () => addresses)
      for (const ask of asks) {
        addresses = []
        await dial(ask)
        addresses = beta.addresses()
        expectThat(await dial(ask) === 'resolved', 'A call must work once the node has an address, though the last dial had none')
      }
    }
  }),
  peerCase({
    name: 'gives nothing to another node at the address',
    promise: 'A call fails with MESH_PEER_MISMATCH when another node answers at the address of the peer.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta, gamma] = [await stage.actor(), await stage.actor(), await stage.actor()]
      for (const ask of asks) {
        expectCode(await attempt(stage, alpha, gamma, ask, beta.addresses), 'MESH_PEER_MISMATCH', `A call (${ask.kind}) at an address where another node answers`)
      }
      expectSame(beta.receiver.calls.map(({ kind }) => kind), [], 'Another node than the target was asked')
    }
  }),
  peerCase({
    name: 'asks whether the caller is admitted at each request',
    promise: 'Ask `receiver.admits(did)` at each request, since trust may change at any time; who is not admitted gets MESH_NOT_TRUSTED.',
    source: 'docs/plugin-authors.md, Contracts, Transport',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      const link = await stage.link(alpha, beta)
      for (const { kind, of } of asks) {
        beta.receiver.admitted = () => true
        await stage.within(of(link, never), `a call (${kind}) of a node that is admitted`)
        const before = beta.receiver.calls.length
        beta.receiver.admitted = (did) => did !== alpha.did
        expectCode(await stage.within(outcomeOf(of(link, never)), 'a call'), 'MESH_NOT_TRUSTED', `A call (${kind}) of a node that is not admitted any more`)
        expectThat(beta.receiver.calls.length === before, `receiver.${kind} was called for a node that is not admitted`)
      }
      beta.receiver.admitted = () => true
      for (const ask of asks) expectThat(await attempt(stage, alpha, beta, ask) === 'resolved', 'A node that is admitted again must get answers')
    }
  }),
  peerCase({
    name: 'says that the peer failed when its receiver throws, and goes on',
    promise: 'A call fails with MESH_SEND_FAILED when the peer failed.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      for (const ask of asks) {
        beta.receiver.failure = new Error('the receiver is broken')
        expectCode(await attempt(stage, alpha, beta, ask), 'MESH_SEND_FAILED', `A call (${ask.kind}) to a receiver that throws`)
        beta.receiver.failure = undefined
        expectThat(await attempt(stage, alpha, beta, ask) === 'resolved', 'The node must answer again once its receiver works')
      }
    }
  }),
  peerCase({
    name: 'rejects with the reason of an abort while it waits',
    promise: 'Each call rejects with signal.reason on abort; core then makes a new link.',
    source: 'transport.ts, Link',
    async play (stage) {
      const [alpha, beta] = [await stage.actor(), await stage.actor()]
      for (const ask of asks) {
        let release = () => {}
        beta.receiver.hold = new Promise((resolve) => { release = resolve })
        await expectAborted(stage, await stage.link(alpha, beta), ask, beta)
        release()
        beta.receiver.hold = undefined
        expectThat(await attempt(stage, alpha, beta, ask) === 'resolved', `The next link must work after a call (${ask.kind}) was aborted`)
      }
    }
  }),
  peerCase({
    name: 'leaves the other links alone when one fails or is closed',
    promise: 'A link is a way to one peer: core closes the one that failed, and the others go on.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    async play (stage) {
      const [alpha, beta, gamma, delta] = [await stage.actor(), await stage.actor(), await stage.actor(), await stage.actor()]
      const [broken, closed, good] = [await stage.link(alpha, beta), await stage.link(alpha, delta), await stage.link(alpha, gamma)]
      for (const { of } of asks) for (const link of [broken, closed, good]) await stage.within(of(link, never), 'a call')
      let release = () => {}
      gamma.receiver.hold = new Promise((resolve) => { release = resolve })
      const [came, pending] = [gamma.receiver.next('digest'), outcomeOf(good.digest({ root: new Uint8Array(32) }, never))]
      await stage.within(came, 'a digest at the receiver')
      await stage.within(beta.transport.stop(), 'stop')
      expectThat(await stage.within(outcomeOf(broken.digest({ root: new Uint8Array(32) }, never)), 'a call') !== 'resolved', 'A call to a peer that has stopped was answered')
      await stage.within(Promise.all([broken.close(), closed.close()]), 'close')
      release()
      expectThat(await stage.within(pending, 'the call on the other link') === 'resolved', 'A call on one link failed because another link did')
      for (const { of } of asks) await stage.within(of(good, never), 'a call on the link that is left')
    }
  })
]

/** What a call on a new link came to, that for the link included. */
async function attempt (stage: TransportStage, from: Actor, to: Actor, { kind, of }: Ask, addresses = to.addresses): Promise<unknown> {
  const connecting = stage.link(from, to, addresses)
  const outcome = await stage.within(outcomeOf(connecting.then((link) => of(link, never))), `a call (${kind})`)
  await connecting.then((link) => link.close(), () => {})
  return outcome
}

async function expectAborted (stage: TransportStage, link: Link, { kind, of }: Ask, waiting: Actor): Promise<void> {
  const [controller, reason] = [new AbortController(), new Error('the case has aborted the call')]
  const came = waiting.receiver.next(kind)
  const outcome = outcomeOf(of(link, controller.signal))
  await stage.within(came, `a call (${kind}) at the receiver`)
  controller.abort(reason)
  expectReason(await stage.within(outcome, `the end of an aborted call (${kind})`), reason, `An aborted call (${kind})`)
}
