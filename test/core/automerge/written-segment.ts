import fc from 'fast-check'
import { actor, entry, LogWriter } from './log-writer.ts'

export interface WrittenChange { readonly time: number, readonly texts: readonly string[] }
/** What one actor writes before the next takes over. */
export interface WrittenTurn { readonly actor: number, readonly changes: readonly WrittenChange[] }
export interface WrittenSegment {
  readonly root: { readonly journal: string, readonly segment: number, readonly prev?: Uint8Array }
  readonly turns: readonly WrittenTurn[]
}

/** Writes a segment by Automerge; `last` is who wrote last. */
export function writeSegment ({ root, turns }: WrittenSegment): { readonly changes: Uint8Array[], readonly last: LogWriter } {
  const changes: Uint8Array[] = []
  let last: LogWriter | undefined
  for (const turn of turns) {
    last = new LogWriter(actor(turn.actor)).follow(changes)
    if (changes.length === 0) last.begin(root)
    for (const { texts, time } of turn.changes) changes.push(last.append(texts, time))
  }
  if (last === undefined) throw new Error('a segment has a turn')
  return { changes, last }
}

export const textsOf = ({ turns }: WrittenSegment): string[] => turns.flatMap(({ changes }) => changes.flatMap(({ texts }) => texts))

/** What a segment may have of each: one turn and one change at least where nothing is said. */
export interface Least { readonly turns?: number, readonly changes?: number, readonly entries?: number }

/** Legal segments: actors that do not sort as they follow, times that repeat or go back, full lists, large and foreign texts. Every tenth number is an id. */
export function segments ({ turns = 1, changes = 1, entries = 1 }: Least = {}): fc.Arbitrary<WrittenSegment> {
  const few = fc.integer({ min: entries, max: 5 })
  const size = fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: fc.constantFrom(50, 255, 256, 257, 512, 600, 1_000) })
  const sizes = fc.array(fc.array(size, { minLength: changes, maxLength: 6 }), { minLength: turns, maxLength: 4 })
    .filter((sizes) => sizes.flat().reduce((sum, count) => sum + count, 0) < 3_500)
  const actors = fc.uniqueArray(fc.integer({ min: 0, max: 254 }), { minLength: 4, maxLength: 4 })
  return fc.record({ root, sizes, actors, bodies: fc.array(body, { minLength: 1, maxLength: 5 }), times: fc.array(time, { minLength: 1, maxLength: 7 }) }).map(describeSegment)
}

const body = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('', 'grüße', '日本語'.repeat(50), '👩‍👩‍👧', '"\\'))
const time = fc.oneof(fc.integer({ min: 1_700_000_000, max: 1_700_000_003 }), fc.constantFrom(0, 1, 63, 64, 2 ** 31, 2 ** 40, 2 ** 48))
const prev = fc.uint8Array({ minLength: 32, maxLength: 32 })
const root = fc.oneof(
  fc.record({ journal: fc.constantFrom('notes', 'a', 'a.b'), segment: fc.constant(0) }),
  fc.record({ journal: fc.constant('notes'), segment: fc.constantFrom(1, 127, 128, 2 ** 31), prev })
)

interface Parts {
  readonly root: WrittenSegment['root']
  readonly sizes: readonly (readonly number[])[]
  readonly actors: readonly number[]
  readonly bodies: readonly string[]
  readonly times: readonly number[]
}

function describeSegment ({ root, sizes, actors, bodies, times }: Parts): WrittenSegment {
  let [number, change] = [0, 0]
  const next = () => entry(++number * 10, number === 7 ? 'z'.repeat(200 << 10) : bodies[number % bodies.length])
  const turns = sizes.map((counts, turn) => ({
    actor: actors[turn] ?? 0,
    changes: counts.map((count) => ({ time: times[change++ % times.length] ?? 0, texts: Array.from({ length: count }, next) }))
  }))
  return { root, turns }
}
