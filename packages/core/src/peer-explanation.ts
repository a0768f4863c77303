import type { Address } from './announcement.ts'
import type { PeerStatus } from './control.ts'

/** What became of an address at which a node was said to be. */
export interface AddressTry {
  readonly address: Address
  /** Plugin name of the discovery that said so, or `config`. */
  readonly source: string
  /** When it was dialled last; missing while it waits for its turn. */
  readonly triedAt?: string
  readonly result: 'met' | 'failed' | 'dialling'
  readonly error?: string
  /** Until it is dialled again by itself. */
  readonly retryInMs?: number
}

/** Why a peer stands where it does. */
export interface PeerExplanation {
  readonly peer: PeerStatus
  readonly tries: readonly AddressTry[]
  /** How it stands, in a sentence. */
  readonly verdict: string
  /** What its operator, or this one, can do; missing when there is nothing to do. */
  readonly next?: string
}

/** Draws the conclusion from how a peer stands and what became of its addresses. */
export function explainPeer (peer: PeerStatus, tries: readonly AddressTry[]): PeerExplanation {
  return { peer, tries, ...judge(peer, tries) }
}

function judge (peer: PeerStatus, tries: readonly AddressTry[]): Pick<PeerExplanation, 'verdict' | 'next'> {
  const { did, trust, trustReason, health, link, via, lag = 0, converged } = peer
  if (trust !== 'trusted') return { verdict: `it is not trusted here: ${trustReason}`, next: `To let it in, run here: akshi trust ${did}` }
  if (link?.state === 'up') return { verdict: `a link over ${link.transport} works; ${converged === true ? 'both have the same' : `it lacks ${lag} envelopes of this node or has others`}` }
  const carried = via?.transport == null ? '' : `; ${via.transport} carries envelopes meanwhile`
  if (health === 'left') return { verdict: `it said goodbye${carried}`, next: 'Nothing: it is met again when it starts.' }
  if (link?.state === 'suspect') return { verdict: `it has not answered just now and is asked again: ${link.reason}` }
  if (link !== undefined) return { verdict: `the link over ${link.transport} is ${link.state}: ${link.reason}${carried}`, ...nextOf(peer, tries) }
  if (tries.length > 0) return { verdict: `none of the addresses that it is said to have answers${carried}`, ...nextOf(peer, tries) }
  return { verdict: `nobody has said where it is${carried}`, next: 'Is it running, and on this network? From another network, give its address under [[mesh.peers]] in runtime.toml.' }
}

/** A reason that names a command says what to do by itself. An address where the peer was met once says nothing of now. */
function nextOf ({ link, addresses }: PeerStatus, tries: readonly AddressTry[]): Pick<PeerExplanation, 'next'> {
  if (/\bakshi \w/.test(link?.reason ?? '')) return {}
  if (tries.some(({ result }) => result === 'dialling')) return { next: 'Nothing: this node goes on trying, at once when it hears of the peer.' }
  const port = tries[0]?.address.port ?? addresses[0]?.port
  return { next: `Is it running there${port === undefined ? '' : `, and does its firewall let TCP port ${port} in`}? This node goes on trying, at once when it hears of the peer.` }
}
