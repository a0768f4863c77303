import type { Did, PeerCandidate } from '@akshi/core'
import { memoryDiscoveryOptions } from './memory-subjects.ts'
import { changeDiscovery, sabotagedDiscovery, type Change, type DiscoverySaboteur } from './sabotage.ts'

const never = new AbortController().signal
const finding = (says: string, change: Change): DiscoverySaboteur => ({ says, subject: sabotagedDiscovery(memoryDiscoveryOptions, change) })

/** Changes what is reported; `undefined` keeps it back. `make` is called for each discovery. */
const reporting = (says: string, make: () => (candidate: PeerCandidate) => PeerCandidate | undefined) => finding(says, changeDiscovery((discovery) => {
  const change = make()
  return {
    start: (report, signal) => discovery.start((candidate) => {
      const changed = change(candidate)
      if (changed !== undefined) report(changed)
    }, signal)
  }
}))

const liar: PeerCandidate = { did: 'nobody' as Did, addresses: [{ host: '192.0.2.1', port: 70_000 }] }

/** For each promise of a discovery a plugin that breaks it. */
export const discoverySaboteurs: Readonly<Record<string, DiscoverySaboteur>> = {
  'reports the nodes that announce themselves, with their addresses': reporting('a report of a node and its addresses did not happen', () => ({ did }) => ({ did, addresses: [] })),
  'finds nodes that were there before it': finding('that announced itself before did not happen', changeDiscovery((discovery, { clock }) => ({
    start: async (report, signal) => {
      const startedMs = clock.monotonic()
      await discovery.start((candidate) => { if (startedMs === 0) report(candidate) }, signal)
    }
  }))),
  'reports new addresses when an announcement changes': reporting('the addresses of turn 1 did not happen', () => {
    const known = new Map<Did, PeerCandidate>()
    return (candidate) => {
      const first = known.get(candidate.did) ?? candidate
      known.set(candidate.did, first)
      return first
    }
  }),
  'takes an announcement that has no addresses yet': finding('had to work: No addresses to announce', changeDiscovery((discovery) => ({
    announce: async (signed) => {
      if (signed.announcement.addresses.length === 0) throw new TypeError('No addresses to announce')
      await discovery.announce(signed)
    }
  }))),
  'reports again what is still there': reporting('report number 2 of a node did not happen', () => {
    const known = new Set<string>()
    return (candidate) => {
      const key = JSON.stringify(candidate)
      if (known.has(key)) return undefined
      known.add(key)
      return candidate
    }
  }),
  'reports nothing before its start has resolved': finding('before start had resolved', changeDiscovery((discovery, { clock }) => ({
    start: async (report, signal) => {
      await discovery.start(report, signal)
      await clock.sleep(1_000)
    }
  }))),
  'reports nothing once it has stopped, and others go on': finding('after stop had resolved', changeDiscovery(() => ({ stop: async () => {} }))),
  'cannot be found any more once it has stopped': finding('A node that had stopped was reported', changeDiscovery((discovery) => {
    let last: Parameters<typeof discovery.announce>[0] | undefined
    return {
      announce: async (signed) => {
        last = signed
        await discovery.announce(signed)
      },
      stop: async () => {
        await discovery.stop()
        if (last === undefined) return
        await discovery.start(() => {}, never)
        await discovery.announce(last)
      }
    }
  })),
  'reports nothing that is not a claim, whatever others send': finding('Reports that are no claims', changeDiscovery((discovery) => ({
    start: async (report, signal) => {
      await discovery.start(report, signal)
      report(liar)
    }
  }))),
  'stops before start, and twice': finding('had to work: It has stopped already', changeDiscovery((discovery) => {
    let isStopped = false
    return {
      stop: async () => {
        if (isStopped) throw new TypeError('It has stopped already')
        isStopped = true
        await discovery.stop()
      }
    }
  })),
  'gives up a start that is aborted, and can be stopped then': finding('An aborted start must reject with signal.reason, but came to resolved', changeDiscovery((discovery) => ({ start: (report) => discovery.start(report, never) }))),
  'leaves no timer, socket or handle when it stops': finding('there is still: 1 timers of the clock', changeDiscovery((discovery, { clock }) => ({
    start: async (report, signal) => {
      await discovery.start(report, signal)
      const again = () => { clock.timer(1_000, again) }
      again()
    }
  })))
}
