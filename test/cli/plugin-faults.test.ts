import { expect } from 'chai'
import http from '@akshi/plugin-http'
import type { PeerCandidate } from '@akshi/core'
import { faultProfile, transportSubject, type DiscoverySubject, type TransportSubject } from '@akshi/testkit'
import { folderOptions, folderTransport } from '../testkit/conformance/folder-subject.ts'
import { memoryDiscovery, memoryDiscoveryOptions, memoryOptions, memoryTransport } from '../testkit/conformance/memory-subjects.ts'
import { changeDiscovery, changeLink, changeTransport, sabotagedDiscovery, sabotagedTransport } from '../testkit/conformance/sabotage.ts'

const seed = 1

describe('faultProfile', () => {
  const good = { 'a folder': folderTransport, 'plugin-http': transportSubject({ reach: 'peer', open: () => ({ plugin: http }) }), 'a network in memory': memoryTransport, 'a discovery in memory': memoryDiscovery }
  for (const [name, subject] of Object.entries(good)) {
    it(`finds nothing wrong with ${name}, and has tried something`, async () => {
      const { problems, counts: { restarts = 0, aborted = 0, checks = 0 } } = await faultProfile(subject, { seed })
      expect({ problems, tried: [restarts, aborted, checks].every((count) => count > 0) }).to.deep.equal({ problems: [], tried: true })
    })
  }

  const bad: Readonly<Record<string, readonly [TransportSubject | DiscoverySubject, RegExp]>> = {
    'loses what it called stored': [sabotagedTransport(memoryOptions, changeLink((link) => ({
      push: async (batch, signal) => ({ ...await link.push(batch.slice(1), signal), verdicts: batch.map(() => ({ status: 'stored' })) })
    }))), /items are missing that were called stored/],
    'calls nothing stored': [sabotagedTransport(memoryOptions, changeLink((link) => ({
      push: async (batch, signal) => ({ ...await link.push(batch, signal), verdicts: batch.map(() => ({ status: 'failed' })) })
    }))), /nothing that was pushed was called stored/],
    'gives nothing to those who were not there from the beginning': [sabotagedTransport(folderOptions, (parts, cradle, crew) => {
      const isLate = crew.length >= 3 && !crew.some(({ cradle: { identity } }) => identity.did === cradle.identity.did)
      return isLate ? changeLink(() => ({ async * pull () {} }))(parts, cradle, crew) : parts
    }), /(\d+) of \1 items are missing that were called stored/],
    'cuts items': [sabotagedTransport(folderOptions, changeLink((link) => ({
      async * pull (want, options, signal) { for await (const item of link.pull(want, options, signal)) yield item.subarray(1) }
    }))), /items came that nobody sent/],
    'does not know its errors': [sabotagedTransport(memoryOptions, changeLink((link) => ({
      push: (batch, signal) => link.push(batch, signal).then(() => { throw new Error('no luck') })
    }))), /pushes failed: no luck/],
    'does not care for aborts': [sabotagedTransport(folderOptions, changeLink((link) => ({
      push: (batch) => link.push(batch, new AbortController().signal).then(() => { throw new TypeError('too late') })
    }))), /pushes failed.*too late/],
    'leaves a promise alone': [sabotagedTransport(memoryOptions, changeLink(() => ({
      close: async () => { void Promise.reject(new Error('nobody cares')) }
    }))), /nobody handles a rejected promise: nobody cares/],
    'leaves a timer': [sabotagedTransport(memoryOptions, changeTransport((transport, { clock }) => ({
      stop: async () => {
        await transport.stop()
        clock.timer(3_600_000, () => {})
      }
    }))), /there is still: 1 timers of the clock/],
    'hangs when others stop': [sabotagedTransport(memoryOptions, changeLink((link) => ({
      digest: (mine, signal) => link.digest(mine, signal).catch(async () => await new Promise<never>(() => {}))
    }))), /with all calls aborted, did not happen/],
    'reports after its stop': [sabotagedDiscovery(memoryDiscoveryOptions, changeDiscovery((discovery, { identity: { did } }) => {
      let report: (candidate: PeerCandidate) => void = () => {}
      return {
        start: (given, signal) => discovery.start((report = given), signal),
        stop: async () => {
          await discovery.stop()
          queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => report({ did, addresses: [] })))))
        }
      }
    })), /a node was reported/]
  }
  for (const [name, [subject, problem]] of Object.entries(bad)) {
    it(`finds one that ${name}`, async () => {
      const { problems } = await faultProfile(subject, { seed, rounds: 15 })
      expect(problems.join('\n')).to.match(problem)
    })
  }
})
