import { createHash } from 'node:crypto'
import { sameBytes } from '../../bytes.ts'
import { publicKeyFromDid, type Did } from '../../did.ts'

const randomLength = 8

/**
 * An Automerge actor that only this origin can use in a state document: 8 random bytes, then the first 8 of
 * SHA-256("akshi-mesh/state-actor/v1" || public key || random bytes). Without this a trusted peer that hears of an actor
 * could number a change of its own under it and so keep the owner's change out, wherever its own came first.
 */
export function actorOf (random: Uint8Array, origin: Did): Uint8Array {
  const start = random.subarray(0, randomLength)
  const end = createHash('sha256').update('akshi-mesh/state-actor/v1').update(publicKeyFromDid(origin)).update(start).digest()
  return new Uint8Array(Buffer.concat([start, end.subarray(0, 16 - randomLength)]))
}

/** Whether an actor is one of this origin's. */
export function isActorOf (actor: Uint8Array, origin: Did): boolean {
  return sameBytes(actor, actorOf(actor, origin))
}
