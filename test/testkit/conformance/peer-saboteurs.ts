import { maxRequestBytes, MeshError, type Address, type Did, type Link, type LinkSource, type Receipt } from '@akshi/core'
import { memoryOptions } from './memory-subjects.ts'
import { changeLink, changeReceiver, changeTransport, sabotagedTransport, type Change, type TransportSaboteur } from './sabotage.ts'

const never = new AbortController().signal
const peer = (says: string, change: Change): TransportSaboteur => ({ says, subject: sabotagedTransport(memoryOptions, change) })
const everything = (link: Link, broken: () => Promise<never>): Partial<Link> => ({
  push: async (batch, signal) => await link.push(batch, signal).catch(broken),
  digest: async (mine, signal) => await link.digest(mine, signal).catch(broken),
  async * pull (want, options, signal) {
    const items: Uint8Array[] = []
    try {
      for await (const item of link.pull(want, options, signal)) items.push(item)
    } catch {
      await broken()
    }
    yield * items
  }
})

/** For each promise of a link to a peer a plugin that breaks it and nothing else that it can help. */
export const peerSaboteurs: Readonly<Record<string, TransportSaboteur>> = {
  'carries envelopes of all sizes unaltered': peer('item of 65536 bytes came that nobody sent', changeReceiver((receiver) => ({
    receive: (batch, from) => receiver.receive(batch.map((item) => item.subarray(0, 65_536)), from)
  }))),
  'carries the largest snapshot unaltered': peer('item of 4194304 bytes came that nobody sent', changeReceiver((receiver) => ({
    receive: (batch, from) => receiver.receive(batch.map((item) => item.subarray(0, 4 << 20)), from)
  }))),
  'answers a batch larger than a request with a verdict for each item': peer('The verdicts must be those of the receiver', changeLink((link) => ({
    push: (batch, signal) => link.push(batch.slice(0, Math.max(1, countWithin(batch, maxRequestBytes))), signal)
  }))),
  'returns the verdicts in the order of the batch': peer('in the order of the batch', changeLink((link) => ({
    push: async (batch, signal) => changed(await link.push(batch, signal), ({ verdicts }) => ({ verdicts: verdicts.toReversed() }))
  }))),
  'returns what the receiver has, exactly': peer('must have the states of the receiver', changeLink((link) => ({
    push: async (batch, signal) => changed(await link.push(batch, signal), ({ have }) => ({ have: have.map(({ feed, tips, heads }) => ({ feed, tips, heads })) }))
  }))),
  'calls nothing stored before the receiver did': peer('while the receiver was still storing', changeLink((link) => ({
    push: async (batch, signal) => {
      link.push(batch, signal).catch(() => {})
      return { verdicts: batch.map(() => ({ status: 'stored' })), have: [] }
    }
  }))),
  'leaves the receiver what it was given': peer('were changed after the receiver was given them', changeReceiver((receiver) => {
    const buffer = new Uint8Array(10_000)
    return {
      receive: (batch, from) => receiver.receive(batch.map((item) => {
        buffer.set(item)
        return buffer.subarray(0, item.length)
      }), from)
    }
  })),
  'exchanges digests that are a root only': peer('The answer must be that of the receiver', changeLink((link) => ({
    digest: async (mine, signal) => ({ feeds: [], ...await link.digest(mine, signal) })
  }))),
  'exchanges digests with feeds': peer('must be asked what was asked', changeReceiver((receiver) => ({
    digest: (theirs, from) => receiver.digest({ root: theirs.root }, from)
  }))),
  'passes ranges and options of a pull on to the receiver': peer('receiver.serve must be given what was asked', changeReceiver((receiver) => ({
    serve: (want, { limit }, from) => receiver.serve(want, { limit }, from)
  }))),
  'brings what is served, unaltered': peer('1 of 21 items never came', changeLink((link) => ({
    async * pull (want, options, signal) { for await (const item of link.pull(want, options, signal)) if (item.length < 400_000) yield item }
  }))),
  'goes on after a pull that was left early': peer('a call (digest) after a pull that was left did not happen', changeLink((link) => {
    let isBusy = false
    return {
      digest: (mine, signal) => isBusy ? new Promise(() => {}) : link.digest(mine, signal),
      async * pull (want, options, signal) {
        isBusy = true
        yield * link.pull(want, options, signal)
        isBusy = false
      }
    }
  })),
  'says truly who asks': peer('must each get their own answer', changeReceiver((receiver) => {
    let first: LinkSource | undefined
    return {
      digest: (theirs, from) => {
        first ??= from
        return receiver.digest(theirs, first)
      }
    }
  })),
  'lets nobody speak in the name of another': peer('in the name of a node whose private key the caller does not have', (takesEveryWord) => takesEveryWord),
  'calls a peer unreachable that does not run': peer('must fail with MESH_PEER_UNREACHABLE, but came to MESH_SEND_FAILED', changeLink((link) => everything(link, async () => { throw new MeshError('MESH_SEND_FAILED', 'It did not work.') }))),
  'asks for the addresses anew': peer('though the last dial had none', changeTransport((transport) => {
    const known = new Map<Did, readonly Address[]>()
    return {
      connect: (target, signal) => {
        if (target.kind === 'shared') return transport.connect(target, signal)
        const addresses = known.get(target.did) ?? target.addresses()
        known.set(target.did, addresses)
        return transport.connect({ ...target, addresses: () => addresses }, signal)
      }
    }
  })),
  'gives nothing to another node at the address': peer('must fail with MESH_PEER_MISMATCH, but came to resolved', changeTransport((transport, _cradle, crew) => ({
    connect: (target, signal) => {
      if (target.kind === 'shared') return transport.connect(target, signal)
      const hosts = target.addresses().map(({ host }) => host)
      const owner = crew.find(({ cradle }) => cradle.announcer.current().announcement.addresses.some(({ host }) => hosts.includes(host)))
      return transport.connect({ ...target, did: owner?.cradle.identity.did ?? target.did }, signal)
    }
  }))),
  'asks whether the caller is admitted at each request': peer('not admitted any more must fail with MESH_NOT_TRUSTED', changeReceiver((receiver) => {
    const admitted = new Map<Did, boolean>()
    const ask = (from: LinkSource) => {
      if (from.kind === 'shared') return
      if (!admitted.has(from.did)) admitted.set(from.did, receiver.admits(from.did))
      if (admitted.get(from.did) !== true) throw new MeshError('MESH_NOT_TRUSTED', 'Not admitted.')
    }
    return {
      admits: () => true,
      receive: async (batch, from) => { ask(from); return await receiver.receive(batch, from) },
      digest: async (theirs, from) => { ask(from); return await receiver.digest(theirs, from) }
    }
  })),
  'says that the peer failed when its receiver throws, and goes on': peer('must fail with MESH_SEND_FAILED, but came to resolved', changeReceiver((receiver) => ({
    receive: async (batch, from) => await receiver.receive(batch, from).catch(() => ({ verdicts: batch.map(() => ({ status: 'failed', reason: 'it threw' })), have: [] }))
  }))),
  'rejects with the reason of an abort while it waits': peer('(digest) must reject with signal.reason, but came to Error: aborted', changeLink((link) => ({
    digest: async (mine, signal) => await link.digest(mine, signal).catch((error: unknown) => { throw signal.aborted ? new Error('aborted') : error })
  }))),
  'leaves the other links alone when one fails or is closed': peer('A link was closed, and this one with it', changeTransport((transport) => {
    let isBroken = false
    const check = async () => { if (isBroken) throw new MeshError('MESH_SEND_FAILED', 'A link was closed, and this one with it.') }
    return {
      connect: async (target, signal) => {
        const link = await transport.connect(target, signal)
        return {
          push: async (batch, each) => { await check(); return await link.push(batch, each) },
          digest: async (mine, each) => { await check(); return await link.digest(mine, each) },
          pull: (want, options, each) => link.pull(want, options, each),
          close: async () => { isBroken = true }
        }
      }
    }
  })),
  'ends the calls that are under way when it stops': peer('the end of the calls that were under way at stop did not happen', changeLink((link) => ({
    digest: async (mine, signal) => await link.digest(mine, signal).catch(() => new Promise<never>(() => {}))
  })))
}

/** The same for promises that transports of any reach make. */
export const lifeSaboteurs: Readonly<Record<string, TransportSaboteur>> = {
  'rejects with the reason of an abort that came before the call': peer('(receive) with an aborted signal must reject with signal.reason', changeLink((link) => ({ push: (batch) => link.push(batch, never) }))),
  'says that it is not running once it has stopped': peer('must fail with MESH_NOT_RUNNING, but came to resolved', changeTransport((transport) => ({ stop: async () => {}, connect: (target, signal) => transport.connect(target, signal) }))),
  'stops before start, and twice': peer('had to work: Nothing to stop', changeTransport((transport) => {
    let isStarted = false
    return {
      start: async (receiver, signal) => { await transport.start(receiver, signal); isStarted = true },
      stop: async () => {
        if (!isStarted) throw new TypeError('Nothing to stop')
        await transport.stop()
      }
    }
  })),
  'gives up a start that is aborted, and can be stopped then': peer('An aborted start must reject with signal.reason, but came to resolved', changeTransport((transport) => ({ start: (receiver) => transport.start(receiver, never) }))),
  'leaves no timer, socket or handle when it stops': peer('there is still: 1 timers of the clock', changeTransport((transport, { clock }) => ({
    start: async (receiver, signal) => {
      await transport.start(receiver, signal)
      clock.timer(1e9, () => {})
    }
  })))
}

function changed (receipt: Receipt, change: (receipt: Receipt) => Partial<Receipt>): Receipt {
  return { ...receipt, ...change(receipt) }
}

function countWithin (batch: readonly Uint8Array[], most: number): number {
  let size = 0
  return batch.filter(({ length }) => (size += length) <= most).length
}
