import { until } from '@akshi/testkit'
import { openEnvelope, sealEnvelope, type LogEnvelope, type LogHeader } from '../../../../packages/core/src/envelope.ts'
import type { Arrival, ServeOptions } from '../../../../packages/core/src/journal/feed.ts'
import type { LogSegment } from '../../../../packages/core/src/journal/log/log-segment.ts'
import { readEntries } from '../../../../packages/core/src/journal/reading.ts'
import { isSnapshot, parseSnapshot } from '../../../../packages/core/src/snapshot.ts'
import type { Tip, Verdict } from '../../../../packages/core/src/transport.ts'
import { meshId, origin, type Home } from './home.ts'

export * from './home.ts'

export interface Carriage extends Partial<ServeOptions> {
  /** Changes what is carried. */
  readonly through?: (items: Uint8Array[]) => Uint8Array[]
}

/** What one home serves another, in one turn. */
export async function itemsFor (from: Pick<Home, 'feed'>, to: { readonly have: readonly Tip[], readonly skip?: readonly Tip[] }, { maxEnvelopes = 1_000_000, ...options }: Partial<ServeOptions> = {}): Promise<Uint8Array[]> {
  const items: Uint8Array[] = []
  for await (const { bytes } of from.feed.serve(to.have, to.skip ?? [], { maxEnvelopes, ...options })) items.push(bytes)
  return items
}

/** Carries what one home has and another lacks. Resolves to the verdicts. */
export async function carry (from: Pick<Home, 'feed'>, to: Pick<Home, 'feed'>, { through = (items) => items, ...options }: Carriage = {}): Promise<Verdict[]> {
  const items = await itemsFor(from, { have: to.feed.points, skip: to.feed.detached }, options)
  return await to.feed.accept(through(items).map(arrivalOf))
}

/** Carries between all homes until nothing new is anywhere. */
export async function meet (homes: readonly Pick<Home, 'feed'>[], options: Carriage = {}): Promise<void> {
  for (let rounds = 0, isNew = true; isNew; rounds++) {
    if (rounds > 12) throw new Error('The homes never agree')
    isNew = false
    for (const from of homes) {
      for (const to of homes) if (from !== to) isNew = (await carry(from, to, options)).some(({ status }) => status === 'stored') || isNew
    }
  }
}

export function arrivalOf (bytes: Uint8Array): Arrival {
  return isSnapshot(bytes)
    ? { kind: 'snapshot', snapshot: parseSnapshot(bytes, meshId), bytes }
    : { kind: 'envelope', envelope: openEnvelope(bytes, meshId) as LogEnvelope }
}

/** The envelope with another header or payload, signed as it should be. */
export function reseal ({ header, payload }: LogEnvelope, changes: Partial<LogHeader>, other = payload): LogEnvelope {
  return sealEnvelope(origin, meshId, { ...header, ...changes }, other) as LogEnvelope
}

/** Numbers of the entries that a home reads, in the order in which it reads them. */
export async function read ({ feed }: Pick<Home, 'feed'>): Promise<unknown[]> {
  return (await readEntries([feed], {})).entries.map(({ body }) => Array.isArray(body) ? body[0] as unknown : body)
}

/** Numbers of the entries in texts. */
export function numbersOf (texts: readonly string[]): number[] {
  return texts.map((text) => {
    const { body } = JSON.parse(text) as { body: number | [number] }
    return typeof body === 'number' ? body : body[0]
  })
}

/** What all nodes that have the same of a feed agree on. */
export async function viewOf (home: Pick<Home, 'feed'>): Promise<unknown> {
  const { tips, heads } = home.feed.state
  return { tips: tips.map(({ seq, id }) => `${seq} ${hex(id)}`).sort(), heads: heads.map(hex).sort(), count: home.feed.count, entries: await read(home) }
}

/** How a feed lies on the disk: for each segment its number, entries, those of its own, its base, and its first envelope that is kept. */
export function layoutOf ({ feed }: Pick<Home, 'feed'>): unknown[] {
  return feed.tree.all.map(({ number, count, shared, base, firstKept }) => [number, count, count - shared.entries, base?.seq, firstKept])
}

/** Resolves when every segment that is closed is sealed, and no more envelopes are kept than need be. */
export async function settled ({ feed }: Pick<Home, 'feed'>): Promise<void> {
  const isSealed = (segment: LogSegment) => segment.children.length > 0 && segment.base?.seq === segment.tip.seq
  await until(() => feed.tree.all.every((segment) => {
    if (segment.children.length === 0) return true
    return isSealed(segment) && (!segment.children.every(isSealed) || segment.firstKept > segment.tip.seq)
  }))
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Makes a snapshot of a segment; resolves when it is kept, or cannot be, and all that was to be sealed before. */
export async function keepSnapshot ({ feed }: Pick<Home, 'feed'>, segment: LogSegment): Promise<void> {
  for (let i = 0; i < 2; i++) await feed.snapshot(segment, -1)             // the second waits for the first
}

/** Every order of some things. */
export function ordersOf<Thing> (things: readonly Thing[]): Thing[][] {
  if (things.length < 2) return [[...things]]
  return things.flatMap((first, at) => ordersOf(things.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}
