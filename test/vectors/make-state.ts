import { actorOf } from '../../packages/core/src/journal/state/state-actor.ts'
import { alpha, beta, hex, journal, meshId } from './material.ts'
import { randoms, type makeState } from './state-material.ts'

/** A state of two origins; each envelope may come in once all that it builds on is there. */
export function describeState ({ envelopes, value, heads }: ReturnType<typeof makeState>) {
  return {
    mesh: meshId,
    journal,
    actors: [alpha, beta].map(({ did }, index) => {
      const random = index === 0 ? randoms.alpha : randoms.beta
      return { origin: did, random: hex(random), actor: hex(actorOf(random, did)) }
    }),
    envelopes: envelopes.map(({ name, envelope: { origin, header: { seq, heads: [head = new Uint8Array(0)] }, id, bytes } }) => ({
      name, origin, seq, head: hex(head), id: hex(id), bytes: hex(bytes)
    })),
    value,
    heads
  }
}
