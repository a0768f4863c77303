import type { RequestListener } from 'node:http'
import { expect } from 'chai'
import { MeshError, type Did, type Discovery, type Link, type PeerCandidate, type PluginCradle, type PluginParts, type Transport } from '@akshi/core'
import { failureOf } from '../../support/failures.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'
import { Trial, uncaughtError } from './trial.ts'

const never = () => new Promise<never>(() => {})
const fail = (): never => { throw new Error('out of coffee') }
const quiet: Discovery = { start: async () => {}, announce: async () => {}, stop: async () => {} }
const noLink: Link = { push: never, digest: never, pull: () => { throw new Error('no pull') }, close: async () => {} }

/** A folder that is none: what is shared by everybody and has nothing. */
function shared (link: Partial<Link>, rest: Partial<Transport> = {}): Transport {
  return { reach: 'shared', start: async () => {}, stop: async () => {}, connect: async () => ({ ...noLink, ...link }), ...rest }
}

/** What is behind the bad plugin's taps, in all hooks at once. */
function tapAll (hooks: PluginCradle['hooks'], tap: () => never): PluginParts {
  hooks.onPeerDiscovered.tap('bad', tap)
  hooks.beforeEnvelopeSend.tap('bad', tap)
  hooks.selectTransport.tap('bad', tap)
  hooks.assembleAnnouncement.tap('bad', tap)
  return {}
}

describe('a plugin that fails to start', () => {
  const faults: Record<string, (cradle: PluginCradle) => PluginParts> = {
    'because it throws in setup': () => fail(),
    'because it throws in start': () => ({ service: { start: fail, stop: async () => {} } }),
    'because its transport rejects': () => ({ transport: shared({}, { start: async () => fail() }) }),
    'because its discovery rejects': () => ({ discovery: { ...quiet, start: async () => fail() } })
  }
  for (const [fault, setup] of Object.entries(faults)) {
    it(`${fault} is named and left out, and the node works`, async () => {
      await using trial = await Trial.begin(setup)
      expect([await trial.works(), trial.bad.state, trial.bad.reason]).to.deep.equal([true, 'failed', trial.bad.reason])
      expect(trial.bad.reason).to.match(/^plugin "bad" \(bad\) failed (in setup|to start): out of coffee$/)
      expect(trial.notices).to.deep.equal([`MESH_PLUGIN_START_FAILED ${trial.bad.reason}. The node runs without it until it is started anew`])
      expect(trial.lines.filter((line) => line.includes('out of coffee')).length).to.equal(1)
      expect(await trial.stop()).to.equal('')
    })

    it(`${fault} ends a node that requires it`, async () => {
      await using trial = await Trial.begin(setup, { required: true, isStarting: true })
      expect(await failureOf(() => trial.start())).to.include({ code: 'MESH_PLUGIN_START_FAILED' })
    })
  }

  it('because of a mistake in runtime.toml ends the start, as every such mistake does', async () => {
    const mistake = () => { throw new MeshError('MESH_CONFIG_INVALID', 'agents[0].url: no') }
    for (const setup of [mistake, () => ({ service: { start: async () => mistake(), stop: async () => {} } })]) {
      await using trial = await Trial.begin(setup, { isStarting: true })
      expect(await failureOf(() => trial.start())).to.include({ code: 'MESH_CONFIG_INVALID' })
    }
  })

  it('because it hangs has twenty seconds', async () => {
    let signal: AbortSignal | undefined
    await using trial = await Trial.begin(() => ({ discovery: { ...quiet, start: (_report, given) => { signal = given; return never() } } }))
    expect([await trial.works(), signal?.aborted]).to.deep.equal([true, true])
    expect(trial.bad.reason).to.include('took longer than 20 s')
  })

  const garbage: Record<string, [given: unknown, problem: string]> = {
    'a promise': [Promise.resolve({}), 'setup gave a promise'],
    'a number': [1, 'setup gave a number'],
    'a part that nobody knows': [{ transports: {} }, 'setup gave "transports", which is none of'],
    'a service that cannot be stopped': [{ service: { start: async () => {} } }, 'its service has no stop'],
    'a transport without a known reach': [{ transport: shared({}, { reach: 'all' as 'peer' }) }, 'the reach of its transport']
  }
  for (const [what, [given, problem]] of Object.entries(garbage)) {
    it(`because setup gives ${what} is told what is wrong`, async () => {
      await using trial = await Trial.begin(() => given as PluginParts)
      expect([await trial.works(), trial.bad.state]).to.deep.equal([true, 'failed'])
      expect(trial.bad.reason).to.include(problem)
    })
  }

  it('is no way to anybody any more', async () => {
    await using trial = await Trial.begin(() => ({ transport: shared({ digest: async () => ({ root: new Uint8Array(32), feeds: [] }) }), discovery: { ...quiet, start: async () => fail() } }))
    trial.network.partition([trial.alpha.identity.did], [trial.beta.identity.did])
    await trial.alpha.control.append('proof', [{ body: 'nobody carries it' }])
    await trial.clock.advance(20_000)
    expect([trial.bad.state, trial.status.shared, trial.status.transport.active]).to.deep.equal(['failed', [], []])
  })

  it('takes its taps, routes and other parts with it', async () => {
    const calls: string[] = []
    const note = (what: string) => () => { calls.push(what); return undefined }
    await using trial = await Trial.begin(({ hooks, httpRoutes, checks }) => {
      hooks.beforeWrite.tap('bad', note('tap'))
      hooks.onPeerDiscovered.tap('bad', note('tap'))
      checks.add('bad', () => { calls.push('check'); return [] })
      httpRoutes.mount({ path: '/bad', access: 'open', listener: note('route') as RequestListener })
      return { service: { start: async () => { calls.push('service +') }, stop: async () => { calls.push('service -') } }, discovery: { ...quiet, start: async () => fail(), stop: async () => { calls.push('discovery -') } } }
    })
    await trial.works()
    await trial.alpha.control.doctor()
    expect(calls).to.deep.equal(['service +', 'discovery -', 'service -'])
  })
})

describe('a plugin that fails while it runs', () => {
  it('in its taps is named for each, and the node works', async () => {
    await using trial = await Trial.begin(({ hooks }) => tapAll(hooks, fail))
    await trial.until(() => trial.notices.length > 0)
    expect(trial.notices).to.include('MESH_HOOK_FAILED plugin "bad" (bad) failed in selectTransport: out of coffee')
    expect(trial.lines.filter((line) => line.includes('onPeerDiscovered'))).to.deep.equal(['warn plugin "bad" (bad) failed in onPeerDiscovered'])
    expect(trial.lines.some((line) => line.includes('assembleAnnouncement'))).to.equal(true)
    await trial.alpha.control.append('proof', [{ body: 1 }])
    expect(trial.bad.calls.filter(({ isTap, calls, failures }) => isTap && calls > 0 && failures === calls).map(({ what }) => what)).to.include.members(['onPeerDiscovered', 'selectTransport', 'assembleAnnouncement'])
  })

  it('in a tap that may veto holds back what it was asked about, and says who', async () => {
    await using trial = await Trial.begin(({ hooks }) => {
      hooks.beforeWrite.tap('bad', ({ journal }) => journal === 'bad' ? fail() : undefined)
      return {}
    })
    const error = await failureOf(() => trial.alpha.control.append('bad', [{ body: 1 }]))
    expect(error).to.include({ code: 'MESH_HOOK_FAILED', message: 'plugin "bad" (bad) failed in beforeWrite: out of coffee' })
    expect(await trial.works()).to.equal(true)
  })

  it('by a tap that never decides keeps a write for five seconds', async () => {
    await using trial = await Trial.begin(({ hooks }) => {
      hooks.beforeWrite.tapPromise('bad', async ({ journal }) => journal === 'bad' ? await never() : undefined)
      return {}
    })
    const error = await failureOf(() => trial.within(6_000, trial.alpha.control.append('bad', [{ body: 1 }])))
    expect(error).to.include({ code: 'MESH_HOOK_FAILED', message: 'plugin "bad" (bad) did not decide in beforeWrite within 5 s' })
    expect(await trial.works()).to.equal(true)
  })

  const results: Record<string, [hook: 'beforeWrite' | 'assembleAnnouncement' | 'selectTransport', given: unknown, problem: RegExp]> = {
    'null for a veto': ['beforeWrite', null, /gave null, where a veto/],
    'a veto without a reason': ['beforeWrite', {}, /gave an object, where a veto/],
    'a promise from a tap that was not declared so': ['beforeWrite', Promise.resolve(undefined), /declare it with tapPromise/],
    'a text for the announcement': ['assembleAnnouncement', 'hello', /gave a string, where the announcement belongs/],
    'a function in the announcement': ['assembleAnnouncement', { addresses: [], capabilities: [], agents: [], extra: { bad: () => {} } }, /no plain CBOR/],
    'names for transports': ['selectTransport', ['fs'], /gave a list, where the list of choices belongs/]
  }
  for (const [what, [hook, given, problem]] of Object.entries(results)) {
    it(`by giving ${what} is told so`, async () => {
      let isBad = false
      await using trial = await Trial.begin(({ hooks }) => {
        (hooks[hook] as { tap: (name: string, tap: () => unknown) => void }).tap('bad', () => isBad ? given : undefined)
        return {}
      })
      isBad = true
      if (hook === 'beforeWrite') expect(String(await failureOf(() => trial.alpha.control.append('bad', [{ body: 1 }])))).to.match(problem)
      else await trial.until(() => [...trial.notices, ...trial.lines].some((line) => line.includes(hook)), 2_000_000)
      expect(trial.bad.calls.find(({ what }) => what === hook)?.failures).to.be.greaterThan(0)
      isBad = false
      expect(await trial.works()).to.equal(true)
    })
  }

  it('in a timer is named, and its other timers run', async () => {
    let ran = 0
    await using trial = await Trial.begin(({ clock }) => ({ service: { start: async () => { clock.timer(10, fail); clock.timer(20, () => { ran++ }) }, stop: async () => {} } }))
    await trial.until(() => ran > 0)
    expect([trial.lines, trial.bad.calls]).to.deep.equal([['warn plugin "bad" (bad) failed in timer'], [{ what: 'timer', isTap: false, calls: 2, failures: 1, totalMs: 0, busyMs: 0, longestBusyMs: 0 }]])
  })

  it('in a check becomes a warning of that check', async () => {
    await using trial = await Trial.begin(({ checks }) => {
      checks.add('garbage', (() => 'fine') as never)
      checks.add('throws', fail)
      return {}
    })
    const found = (await trial.within(10_000, trial.alpha.control.doctor())).filter(({ topic }) => ['garbage', 'throws'].includes(topic))
    expect(found.map(({ topic, level, message }) => [topic, level, message])).to.have.deep.members([
      ['garbage', 'warning', 'this check itself failed: it gave no list of { level, message }'], ['throws', 'warning', 'this check itself failed: out of coffee']
    ])
  })
})

describe('a plugin that holds envelopes back from what is shared', () => {
  const taps: Record<string, [tap: () => { reason: string }, reason: string]> = {
    'by a veto': [() => ({ reason: 'bad: not today' }), 'bad: not today'],
    'by failing': [fail, 'plugin "bad" (bad) failed in beforeEnvelopeSend: out of coffee']
  }
  for (const [how, [tap, reason]] of Object.entries(taps)) {
    it(`${how} is named by the status and by doctor`, async () => {
      await using trial = await Trial.begin(({ hooks }) => {
        hooks.beforeEnvelopeSend.tap('bad', ({ to }) => to === 'bad' ? tap() : undefined)
        return { transport: shared({ digest: async () => ({ root: new Uint8Array(32), feeds: [] }) }) }
      })
      trial.network.partition([trial.alpha.identity.did], [trial.beta.identity.did])
      await trial.alpha.control.append('proof', [{ body: 'for the folder' }])
      await trial.until(() => (trial.status.shared[0]?.held.length ?? 0) > 0)
      expect(trial.status.shared[0]?.held).to.deep.equal([{ reason: `held back here: ${reason}`, feeds: 1 }])
      expect((await trial.alpha.control.doctor()).find(({ topic, level }) => topic === 'transports' && level === 'note')?.message).to.equal(`bad lacks 1 feed, held back here: ${reason}`)
    })
  }
})

describe('a plugin whose error nobody caught', () => {
  it('is taken out: its parts are stopped, its links closed, its timers cancelled, and the node works', async () => {
    const calls: string[] = []
    let ticks = 0
    await using trial = await Trial.begin(({ clock }) => ({
      service: { start: async () => { clock.timer(5_000, () => { ticks++ }) }, stop: async () => { await clock.sleep(100); calls.push('service') } },
      transport: shared({ digest: async () => ({ root: new Uint8Array(32), feeds: [] }), close: async () => { calls.push('link') } }, { stop: async () => { calls.push('transport') } })
    }))
    await trial.until(() => trial.status.shared[0]?.state === 'up')
    expect(trial.alpha.contain(uncaughtError())).to.equal(true)
    await trial.until(() => calls.length === 3, 4_000)
    expect([calls.toSorted(), trial.status.shared, trial.bad.state, trial.bad.reason]).to.deep.equal([['link', 'service', 'transport'], [], 'failed', 'plugin "bad" (bad) failed: nobody caught what it threw: out of coffee'])
    expect(trial.alpha.contain(uncaughtError())).to.equal(true)
    await trial.clock.advance(10_000)
    expect([await trial.works(), ticks, trial.lines.at(-1)]).to.deep.equal([true, 0, 'warn what is left of plugin "bad" (bad) still throws'])
    expect(await trial.stop()).to.equal('')
  })

  it('that is required is the failure of the node, which its program is told', async () => {
    await using trial = await Trial.begin(() => ({}), { required: true })
    expect(trial.alpha.contain(uncaughtError())).to.equal(true)
    expect(await trial.alpha.failure).to.include({ code: 'MESH_PLUGIN_FAILED' })
  })

  it('is another thing than an error of nobody, which is left to the program', async () => {
    await using trial = await Trial.begin(() => ({}))
    expect([trial.alpha.contain(uncaughtError('/usr/lib/index.js')), trial.alpha.contain('text'), trial.bad.state]).to.deep.equal([false, false, 'running'])
  })
})

describe('a transport that breaks its contract', () => {
  const links: Record<string, [link: unknown, problem: string]> = {
    'connects to nothing': [undefined, 'a link without push and digest and pull and close'],
    'gives no digest': [{ ...noLink, digest: async () => ({ root: 'x' }) }, 'its root is not 32 bytes'],
    'gives a digest with strange feeds': [{ ...noLink, digest: async () => ({ root: new Uint8Array(32), feeds: [{}] }) }, 'its digest has a feed state that is none'],
    'gives no receipt': [{ ...noLink, digest: async () => ({ root: new Uint8Array(32), feeds: [] }), push: async () => undefined }, 'no receipt'],
    'gives too few verdicts': [{ ...noLink, digest: async () => ({ root: new Uint8Array(32), feeds: [] }), push: async () => ({ verdicts: [], have: [] }) }, 'its receipt has 0 verdicts for 1 items']
  }
  for (const [what, [link, problem]] of Object.entries(links)) {
    it(`and ${what} is a link that is down, and says why`, async () => {
      await using trial = await Trial.begin(() => ({ transport: shared({}, { connect: async () => link as Link }) }))
      trial.network.partition([trial.alpha.identity.did], [trial.beta.identity.did])
      await trial.alpha.control.append('proof', [{ body: 'for the folder' }])
      await trial.until(() => trial.status.shared[0]?.state === 'down' && trial.status.shared[0].reason.includes(problem))
      expect(trial.bad.calls.some(({ failures }) => failures > 0)).to.equal(true)
      trial.network.heal()
      expect(await trial.works()).to.equal(true)
    })
  }

  it('and connects after that was given up has that link closed', async () => {
    let closed = 0
    let connected: (link: Link) => void = () => {}
    await using trial = await Trial.begin(() => ({ transport: shared({}, { connect: () => new Promise((resolve) => { connected = resolve }) }) }))
    const late = connected
    await trial.until(() => trial.status.shared[0]?.state === 'down')
    late({ ...noLink, close: async () => { closed++ } })
    await trial.until(() => closed === 1)
    expect(await trial.works()).to.equal(true)
  })

  it('and never closes a link does not keep the node from stopping', async () => {
    await using trial = await Trial.begin(() => ({ transport: shared({ digest: async () => ({ root: new Uint8Array(32), feeds: [] }), close: never }) }))
    await trial.until(() => trial.status.shared[0]?.state === 'up')
    expect([await trial.works(), await trial.stop()]).to.deep.equal([true, ''])
  })
})

describe('a discovery that breaks its contract', () => {
  /** A trial, and what its discovery reports by. */
  async function reporting (discovery: Partial<Discovery> = {}): Promise<{ held: Trial, report: (candidate: unknown) => void }> {
    const told: { report?: (candidate: PeerCandidate) => void } = {}
    const trial = await Trial.begin(() => ({ discovery: { ...quiet, start: async (report) => { told.report = report }, ...discovery } }))
    return { held: trial, report: (candidate) => told.report?.(candidate as PeerCandidate) }
  }

  it('by reporting garbage is told so, and none of it is dialled', async () => {
    const { held, report } = await reporting()
    await using trial = held
    const did = madeUpDid(7)
    const address = { host: '192.0.2.1', port: 1 }
    const garbage = [undefined, 'did:key:z', {}, { did, addresses: 'here' }, { did: 'did:key:zz', addresses: [address] }, { did, addresses: [{ host: '', port: 1 }] }, { did, addresses: [{ host: 'x', port: 0.5 }] },
      { did, addresses: Array.from({ length: 65 }, () => address) }, { did, addresses: [address], onLink: 'yes' }, { did, addresses: [], announcement: 'me' }]
    for (const candidate of garbage) report(candidate)
    expect([trial.bad.calls.find(({ what }) => what === 'discovery.report')?.failures, trial.alpha.control.peers().some((peer) => peer.did === did)]).to.deep.equal([garbage.length, false])
    expect(trial.lines.every((line) => line.startsWith('warn plugin "bad" (bad) breaks its contract in discovery.report: a candidate '))).to.equal(true)
    expect(await trial.works()).to.equal(true)
  })

  it('by a flood of candidates loses its own, counted, and others find theirs', async () => {
    const { held, report } = await reporting()
    await using trial = held
    for (let number = 0; number < 5_000; number++) report({ did: madeUpDid(number % 50) as Did, addresses: [{ host: `192.0.2.${number % 250}`, port: 1 + number }] })
    expect(trial.bad.candidatesDropped).to.be.greaterThan(4_000)
    expect(await trial.works()).to.equal(true)
  })

  it('by never ending an announcement gets the newest one next, and no other meanwhile', async () => {
    const seqs: number[] = []
    const ends: (() => void)[] = []
    const { held } = await reporting({ announce: ({ announcement: { seq } }) => { seqs.push(seq); return new Promise((resolve) => ends.push(resolve)) } })
    await using trial = held
    await trial.until(() => seqs.length === 1)
    await trial.clock.advance(2 * 3_600_000)
    expect(seqs.length).to.be.within(2, 5)       // each is given up after half a minute, so one for each announcement
    expect(trial.bad.calls.find(({ what }) => what === 'discovery.announce')?.failures).to.equal(seqs.length - 1)
    for (const end of ends) end()
    expect(await trial.works()).to.equal(true)
  })
})

describe('a plugin that dies in stop', () => {
  const faults: Record<string, () => Promise<void>> = { throws: fail, rejects: async () => fail(), hangs: never }
  for (const [fault, stop] of Object.entries(faults)) {
    it(`because it ${fault} is named, and everything else is stopped`, async () => {
      await using trial = await Trial.begin(() => ({ service: { start: async () => {}, stop } }))
      expect([await trial.works(), (await trial.stop()).split(':')[1]]).to.deep.equal([true, ' plugin "bad" (bad) did not stop cleanly'])
      await trial.within(1_000, trial.beta.stop())
      await trial.clock.advance(1_000)               // what the network still carries
      expect(trial.clock.delays).to.deep.equal([])
    })
  }

  it('because it leaves timers is named, and they are cancelled', async () => {
    await using trial = await Trial.begin(({ clock }) => ({ service: { start: async () => { for (const ms of [1e6, 2e6]) clock.timer(ms, fail) }, stop: async () => {} } }))
    expect([await trial.stop(), trial.lines]).to.deep.equal(['', ['warn plugin "bad" (bad) left 2 timers running when it had stopped']])
    await trial.within(1_000, trial.beta.stop())
    await trial.clock.advance(1_000)
    expect(trial.clock.delays).to.deep.equal([])
  })
})
