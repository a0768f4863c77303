import { createPrivateKey } from 'node:crypto'
import { identityFromKey, sealEnvelope, type Clock, type Envelope, type Identity, type JournalHeader } from '@akshi/core'
import { entryText } from '../../packages/core/src/journal/entry.ts'
import { HybridClock } from '../../packages/core/src/journal/hybrid-clock.ts'
import { Segment } from '../../packages/core/src/journal/segment.ts'

/** What all vectors are made from: fixed keys, times, actors and chance. */
export const meshId = 'default'
export const journal = 'notes'
export const at = 1_700_000_000_000
export const seeds = { alpha: run(0x00, 32), beta: run(0x20, 32) }
export const alpha = identityOf(seeds.alpha)
export const beta = identityOf(seeds.beta)

const actors = [run(0xa0, 16), run(0xb0, 16)]

/** `length` bytes that count up from `first`. */
export function run (first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index)
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function fromHex (text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

export function identityOf (seed: Uint8Array): Identity {
  const key = Buffer.concat([fromHex('302e020100300506032b657004220420'), seed])
  return identityFromKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
}

/** A hybrid clock whose machine stands still at `now()`, with chance that counts up. */
export function hybridClock (now: () => number): HybridClock {
  let next = 0
  return new HybridClock({ now } as Clock, { bytes: (length) => run(next++ * 16, length), uniform: () => 0 })
}

export interface MadeEnvelope {
  readonly texts: readonly string[]
  readonly envelope: Envelope<JournalHeader>
}

/** Three envelopes of one feed: two of segment 0 and one that begins segment 1. */
export function makeFeed (): MadeEnvelope[] {
  const clock = hybridClock(() => at)
  const text = (body: unknown) => entryText(clock.next(), { kind: 'note', body: JSON.stringify(body) })
  const groups = [[text('hello'), text({ n: 1 })], [text('again')], [text('a new segment')]]
  const made: MadeEnvelope[] = []
  let segment = new Segment(0, actors[0] as Uint8Array)
  for (const [index, texts] of groups.entries()) {
    const previousHead = segment.heads[0]
    if (index === 2) segment = new Segment(1, actors[1] as Uint8Array)
    const { change, head } = segment.append(texts, Math.floor(at / 1000), { journal, previousHead })
    const header: JournalHeader = {
      kind: 'journal',
      journal,
      part: 'log',
      segment: segment.number,
      seq: index + 1,
      prev: made.at(-1)?.envelope.id,
      actor: segment.actor,
      heads: [head],
      at: at + index
    }
    made.push({ texts, envelope: sealEnvelope(alpha, meshId, header, change) })
  }
  return made
}
