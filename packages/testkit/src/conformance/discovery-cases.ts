import { isDid } from '@akshi/core'
import { expectReason, expectSame, expectThat, withoutExempt, type ConformanceCase } from './conformance-case.ts'
import { DiscoveryStage, type DiscoveryScript } from './discovery-stage.ts'
import type { DiscoverySubject } from './discovery-subject.ts'
import { outcomeOf } from './stage.ts'

/** A promise of discoveries. */
export interface DiscoveryCase extends ConformanceCase<DiscoverySubject> {
  /** What the subject's worlds must be able to do. */
  readonly needs?: DiscoverySubject['can'][number]
}

const authors = 'docs/plugin-authors.md, Contracts, Discovery'

/** All promises of discoveries that can be seen from outside. */
export const discoveryCases: readonly DiscoveryCase[] = [
  fromScript({
    name: 'reports the nodes that announce themselves, with their addresses',
    promise: 'Discovery reports claims: this DID, at these addresses; announce makes this node findable.',
    source: `${authors}; discovery.ts, Discovery.announce`,
    async play (stage) {
      const [alpha, beta, gamma] = [await stage.seeker(), await stage.seeker(), await stage.seeker()]
      const all = [alpha, beta, gamma]
      const announced = []
      for (const node of all) announced.push(await stage.announce(node, 0))
      for (const one of all) for (const [index, other] of all.entries()) if (one !== other) await stage.hears(one, other, announced[index] ?? [], 'a report of a node and its addresses')
    }
  }),
  fromScript({
    name: 'finds nodes that were there before it',
    promise: 'announce makes this node findable: from then on, also for those that come later.',
    source: 'discovery.ts, Discovery.announce',
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      const addresses = await stage.announce(alpha, 0)
      await stage.hears(beta, alpha, addresses, 'a report of a node')
      await stage.hears(await stage.seeker(), alpha, addresses, 'a report of a node that announced itself before')
    }
  }),
  fromScript({
    name: 'reports new addresses when an announcement changes',
    promise: 'announce is called again whenever the announcement changes, and makes that one findable.',
    source: 'discovery.ts, Discovery.announce',
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      for (const turn of [0, 1, 2]) await stage.hears(beta, alpha, await stage.announce(alpha, turn), `a report of the addresses of turn ${turn}`)
    }
  }),
  fromScript({
    name: 'takes an announcement that has no addresses yet',
    promise: 'announce gets the announcement now and whenever it changes; before the transports know theirs it has no addresses.',
    source: `${authors}; announcer.ts, Announcer.current`,
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      await stage.announce(alpha)
      await stage.hears(beta, alpha, await stage.announce(alpha, 0), 'a report of a node that had no addresses before')
      await stage.announce(alpha)
      await stage.hears(beta, alpha, await stage.announce(alpha, 1), 'a report of a node that had no addresses for a while')
    }
  }),
  fromScript({
    name: 'reports again what is still there',
    promise: 'Report again what is still there, since core may have dropped it.',
    source: authors,
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      const addresses = await stage.announce(alpha, 0)
      for (const times of [1, 2, 6]) await stage.hears(beta, alpha, addresses, `report number ${times} of a node`, times)
    }
  }),
  fromScript({
    name: 'reports nothing before its start has resolved',
    promise: 'It may call report from the moment that start resolves.',
    source: 'discovery.ts, Discovery.start',
    async play (stage) {
      const [alpha, witness] = [await stage.seeker(), await stage.seeker()]
      const addresses = await stage.announce(alpha, 0)
      await stage.hears(witness, alpha, addresses, 'a report of a node')
      const late = await stage.makeSeeker()
      const starting = late.start()
      await stage.announce(alpha, 1)                                                // there is something to hear while it starts
      await stage.within(starting, 'start')
      await stage.hears(late, alpha, alpha.end.addresses(1), 'a report of a node')
      expectSame(late.early.map(({ did }) => did), [], 'Nodes that were reported before start had resolved')
    }
  }),
  fromScript({
    name: 'reports nothing once it has stopped, and others go on',
    promise: 'It may call report until stop resolves.',
    source: 'discovery.ts, Discovery.start',
    async play (stage) {
      const [alpha, stopped, witness] = [await stage.seeker(), await stage.seeker(), await stage.seeker()]
      for (const each of [stopped, witness]) await stage.hears(each, alpha, await stage.announce(alpha, 0), 'a report of a node')
      await stage.within(stopped.stop(), 'stop')
      const before = stopped.heard.length
      for (const turn of [1, 2]) await stage.hears(witness, alpha, await stage.announce(alpha, turn), 'a report at a node that goes on')
      expectSame(stopped.heard.slice(before).map(({ did }) => did), [], 'Nodes that were reported after stop had resolved')
    }
  }),
  fromScript({
    name: 'cannot be found any more once it has stopped',
    promise: 'stop takes the node\'s records back where the mechanism can.',
    source: 'discovery.ts, Discovery.stop',
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      for (const each of [alpha, beta]) await stage.announce(each, 0)
      await stage.hears(beta, alpha, alpha.end.addresses(0), 'a report of a node')
      await stage.within(alpha.stop(), 'stop')
      const late = await stage.seeker()
      await stage.hears(late, beta, beta.end.addresses(0), 'a report of a node that goes on', 2)
      expectThat(!late.heard.some(({ did }) => did === alpha.did), 'A node that had stopped was reported to one that came later')
    }
  }),
  fromScript({
    name: 'reports nothing that is not a claim, whatever others send',
    promise: 'Once running, a part that meets trouble logs it and goes on; a claim is a DID and addresses.',
    source: 'docs/plugin-authors.md, Errors and logs; discovery.ts, PeerCandidate',
    needs: 'disturb',
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      await stage.hears(beta, alpha, await stage.announce(alpha, 0), 'a report of a node')
      await stage.world.disturb?.()
      await stage.hears(beta, alpha, await stage.announce(alpha, 1), 'a report after things that make no sense')
      const bad = beta.heard.filter(({ did, addresses }) => !isDid(did) || addresses.some(({ host, port }) => typeof host !== 'string' || !Number.isInteger(port) || port < 1 || port > 65_535))
      expectSame(bad, [], 'Reports that are no claims')
    }
  }),
  fromScript({
    name: 'stops before start, and twice',
    promise: 'stop is safe at any time, also before start.',
    source: 'docs/plugin-authors.md, What setup does; discovery.ts, Discovery.stop',
    async play (stage) {
      const early = await stage.makeSeeker()
      await stage.within(early.stop(), 'stop before start')
      await stage.within(early.stop(), 'a second stop before start')
      const started = await stage.seeker()
      await stage.announce(started, 0)
      await stage.within(Promise.all([started.stop(), started.stop()]), 'two stops at once')
      await stage.within(started.stop(), 'a third stop')
    }
  }),
  fromScript({
    name: 'gives up a start that is aborted, and can be stopped then',
    promise: 'The signal aborts a start; the part that failed to start is stopped too, reports nothing and leaves nothing.',
    source: 'discovery.ts, Discovery.start; docs/plugin-authors.md, What setup does',
    async play (stage) {
      const [alpha, witness, given] = [await stage.seeker(), await stage.seeker(), await stage.makeSeeker()]
      await stage.hears(witness, alpha, await stage.announce(alpha, 0), 'a report of a node')
      const reason = new Error('the start took too long')
      const outcome = await stage.within(outcomeOf(given.start(AbortSignal.abort(reason))), 'the end of an aborted start')
      expectReason(outcome, reason, 'An aborted start')
      await stage.within(given.stop(), 'stop after a start that failed')
      await stage.hears(witness, alpha, await stage.announce(alpha, 1), 'a report of a node')
      expectSame(given.heard, [], 'What was reported though the start was aborted')
      for (const each of [alpha, witness]) await stage.within(each.stop(), 'stop')
      await stage.expectNothingLeft()
    }
  }),
  fromScript({
    name: 'leaves no timer, socket or handle when it stops',
    promise: 'stop leaves no timer, socket or handle.',
    source: 'discovery.ts, Discovery.stop',
    async play (stage) {
      const [alpha, beta] = [await stage.seeker(), await stage.seeker()]
      await stage.hears(beta, alpha, await stage.announce(alpha, 0), 'a report of a node')
      await stage.announce(alpha, 1)
      for (const each of [alpha, beta]) await stage.within(each.stop(), 'stop')
      await stage.expectNothingLeft()
    }
  })
]

/**
 * Those that a subject has promised: by what its worlds can do, and without those it is exempt from.
 *
 * @throws TypeError when it is exempt from something that is no case.
 */
export function discoveryCasesOf ({ can, exempt = {} }: DiscoverySubject): readonly DiscoveryCase[] {
  return withoutExempt(discoveryCases, exempt).filter(({ needs }) => needs === undefined || can.includes(needs))
}

/** Those that its worlds cannot try, though it is not exempt from them: each says what it `needs`. */
export function untriedDiscoveryCasesOf ({ can, exempt = {} }: DiscoverySubject): readonly DiscoveryCase[] {
  return withoutExempt(discoveryCases, exempt).filter(({ needs }) => needs !== undefined && !can.includes(needs))
}

function fromScript (script: Omit<DiscoveryCase, 'run'> & DiscoveryScript): DiscoveryCase {
  const { play: _play, ...rest } = script
  return { ...rest, run: (subject) => DiscoveryStage.play(subject, script) }
}
