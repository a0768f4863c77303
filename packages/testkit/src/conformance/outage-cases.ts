import { expectReason, expectSame, expectThat } from './conformance-case.ts'
import { keyOf, makeChain, makeSnapshot, never } from './material.ts'
import { SharedReader } from './shared-reader.ts'
import { sharedCase, type TransportCase } from './transport-case.ts'
import { outcomeOf } from './stage.ts'
import { asks, expectCode } from './transport-stage.ts'

/** What becomes of a shared place when it is damaged or out of reach, and of calls that are aborted there. */
export const outageCases: readonly TransportCase[] = [
  sharedCase({
    name: 'never gives damaged or foreign bytes as an item',
    promise: 'It never alters a byte; what is damaged or foreign counts as not there.',
    source: 'docs/plugin-authors.md, Contracts, Transport; Errors and logs',
    needs: 'damage',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const items = makeItems(writer)
      await writer.push(items)
      await stage.world.damage?.()
      const reader = await SharedReader.open(stage)
      await reader.digest()
      const strangers = (await reader.pullAll(items)).filter((item) => !items.some((each) => keyOf(each) === keyOf(item)))
      expectSame(strangers.map(({ length }) => length), [], 'Sizes of items that came after the damage and that nobody pushed')
      const more = makeChain(writer.identity, 2, { journal: 'plans' }).map(({ bytes }) => bytes)
      await writer.push(more)
      await reader.expectAll(more)
    }
  }),
  sharedCase({
    name: 'calls nothing a duplicate that is damaged',
    promise: '`stored` and `duplicate` promise that it is on disk there: who pushes again what was damaged puts it right.',
    source: 'docs/plugin-authors.md, Contracts, Link',
    needs: 'damage',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const items = makeItems(writer)
      await writer.push(items)
      await stage.world.damage?.()
      const statuses = await writer.push(items)
      expectThat(statuses.every((status) => status === 'stored' || status === 'duplicate'), `What was damaged was not taken again: ${statuses.join(', ')}`)
      await (await SharedReader.open(stage)).expectAll(items)
    }
  }),
  sharedCase({
    name: 'says that it is out of reach, and goes on when it is back',
    promise: 'A call fails with MESH_DISK_FAILED while what is shared is out of reach; the transport runs on.',
    source: 'transport.ts, Link',
    needs: 'takeAway',
    async play (stage) {
      const writer = await SharedReader.open(stage)
      const items = makeChain(writer.identity, 3).map(({ bytes }) => bytes)
      await writer.push(items)
      const bringBack = await stage.world.takeAway?.()
      for (const { kind, of } of asks) {
        expectCode(await stage.within(outcomeOf(of(writer.link, never)), 'a call'), 'MESH_DISK_FAILED', `A call (${kind}) while what is shared is out of reach`)
      }
      await bringBack?.()
      await writer.expectAll(items)
    }
  }),
  sharedCase({
    name: 'rejects with the reason of an abort that comes at once',
    promise: 'Each call rejects with signal.reason on abort; the next can be made.',
    source: 'transport.ts, Link',
    async play (stage) {
      const { link } = await SharedReader.open(stage)
      for (const { kind, of } of asks) {
        const [controller, reason] = [new AbortController(), new Error('the case has aborted the call')]
        const outcome = outcomeOf(of(link, controller.signal))
        controller.abort(reason)
        expectReason(await stage.within(outcome, `the end of an aborted call (${kind})`), reason, `An aborted call (${kind})`)
        await stage.within(of(link, never), `a call (${kind}) after one that was aborted`)
      }
    }
  })
]

/** Six items in feed order, of which none stands for another, so that none may be left out. The fifth is a snapshot. */
function makeItems ({ identity }: SharedReader): readonly Uint8Array[] {
  const chain = makeChain(identity, 7, { payloadBytes: () => 500, perSegment: 2 })
  const envelopes = chain.map(({ bytes }) => bytes)
  return [...envelopes.slice(0, 4), ...chain.slice(5, 6).map((proof) => makeSnapshot(proof)), ...envelopes.slice(6)]
}
