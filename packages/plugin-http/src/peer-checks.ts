import { describeError, isMeshError, MeshError, type Address, type AddressTry, type Check, type Clock, type Did, type NodeControl, type Observation, type PeerStatus, type Prober } from '@akshi/core'
import { printAddress } from './address-race.ts'
import { mismatchOf } from './peer-mismatch.ts'
import type { PeerClocks } from './peer-clocks.ts'

export interface PeerChecksOptions {
  readonly own: Did
  readonly control: Pick<NodeControl, 'peers' | 'why'>
  readonly prober: Prober
  /** Resolves when the peer at an address answers a mesh route. Rejects as a call of a link. */
  readonly call: (peer: Did, address: Address, signal: AbortSignal) => Promise<void>
  readonly clocks: Pick<PeerClocks, 'offsetOf'>
  readonly clock: Clock
}

interface Try {
  readonly address: Address
  readonly error?: unknown
}

const maxPeers = 16
const maxAddresses = 8
/** Leaves time for the answer before the check itself is given up. */
const dialMs = 3_000
/** Beyond this the entries of a node do not sort by time among those of others any more (docs/protocol.md). */
const maxOffsetMs = 60_000

/** Why trusted peers have no link, by dialling them now: another node at the address, no answer, or no trust over there. */
export function linkCheck (options: PeerChecksOptions): Check {
  const { control } = options
  return async (signal) => {
    const lost = control.peers().filter(({ trust, health, link }) => trust === 'trusted' && health !== 'left' && link?.state !== 'up')
    const found = await Promise.all(lost.slice(0, maxPeers).map((peer) => examine(peer, control.why(peer.did).tries, options, signal)))
    return found.flat()
  }
}

/** Whose clock is so far off that the order of entries suffers. */
export function clockCheck ({ control, clocks }: PeerChecksOptions): Check {
  return () => control.peers().flatMap(({ did, name, trust }): readonly Observation[] => {
    const offsetMs = trust === 'trusted' ? clocks.offsetOf(did) ?? 0 : 0
    if (Math.abs(offsetMs) <= maxOffsetMs) return []
    const message = `the clock of ${name} is ${describeSpan(offsetMs)} ${offsetMs > 0 ? 'ahead of' : 'behind'} this machine's: entries do not sort as they were written. Set the one that is wrong.`
    return [{ level: 'warning', message, fix: 'sudo timedatectl set-ntp true' }]
  })
}

async function examine (peer: PeerStatus, known: readonly AddressTry[], options: PeerChecksOptions, signal: AbortSignal): Promise<Observation[]> {
  const tries = await within(options.clock, dialMs, signal, async (over) => await Promise.all(addressesOf(peer, known).map(async (address): Promise<Try> => {
    return await options.prober.prove(peer.did, address, over).then(() => ({ address }), (error: unknown) => ({ address, error }))
  })))
  const open = tries.find(({ error }) => error === undefined)
  if (open === undefined) return tries.length === 0 ? [] : [explainSilence(peer, tries)]
  return await askOnce(peer, open.address, options, signal)
}

/** The peer is there, so something else keeps the link down. */
async function askOnce ({ did, name }: PeerStatus, address: Address, { own, call }: PeerChecksOptions, signal: AbortSignal): Promise<Observation[]> {
  try {
    await call(did, address, signal)
    return []
  } catch (error) {
    signal.throwIfAborted()
    if (isMeshError(error, 'MESH_NOT_TRUSTED')) return [{ level: 'warning', message: `${name} does not trust this node yet: neither gets anything of the other`, fix: `on ${name}: akshi trust ${own}` }]
    return [{ level: 'warning', message: `${name} answers at ${printAddress(address)}, and fails there: ${describeError(error)}`, fix: `on ${name}: akshi doctor` }]
  }
}

function explainSilence ({ did, name, trustReason, via }: PeerStatus, tries: readonly Try[]): Observation {
  const carried = via?.transport == null ? '' : `; ${via.transport} carries envelopes meanwhile`
  for (const { address, error } of tries) {
    const found = mismatchOf(error)
    if (found === undefined) continue
    const fix = trustReason === 'listed in runtime.toml' ? `node_did = "${found}"  # in place of ${did} in runtime.toml` : `akshi trust ${found}`
    return { level: 'warning', message: `${found} answers at ${printAddress(address)}, not ${name} (${did})${carried}. If ${name} has a new key, let that one in; ask its operator first.`, fix }
  }
  const reasons = tries.map(({ address, error }) => reasonOf(address, error)).join('; ')
  const isRefused = tries.some(({ error }) => describeError(error).includes('ECONNREFUSED'))
  return { level: 'warning', message: `${name} answers nowhere: ${reasons}${carried}`, fix: `on ${name}: akshi ${isRefused ? 'run' : 'doctor'}` }
}

function reasonOf (address: Address, error: unknown): string {
  const [place, reason] = [printAddress(address), describeError(error)]
  return reason.startsWith(place) ? reason : `${place}: ${reason}`
}

function addressesOf ({ addresses }: PeerStatus, known: readonly AddressTry[]): readonly Address[] {
  const all = [...addresses, ...known.map(({ address }) => address)]
  return [...new Map(all.map((address) => [printAddress(address), address])).values()].slice(0, maxAddresses)
}

/** Aborts what `task` does after `limitMs`. */
async function within<Result> (clock: Clock, limitMs: number, signal: AbortSignal, task: (over: AbortSignal) => Promise<Result>): Promise<Result> {
  const over = new AbortController()
  const timer = clock.timer(limitMs, () => over.abort(new MeshError('MESH_TIMEOUT', `no answer in ${limitMs / 1000} s`)))
  try {
    return await task(AbortSignal.any([over.signal, signal]))
  } finally {
    timer.cancel()
  }
}

function describeSpan (ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
