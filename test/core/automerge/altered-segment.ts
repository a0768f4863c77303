import type { WrittenChange, WrittenSegment, WrittenTurn } from './written-segment.ts'
import { entryId } from './log-writer.ts'

/** Another segment that is as legal; `at` says where the difference is. Turns, their changes and their texts are two or more. */
export type Alteration = (segment: WrittenSegment, at: number) => WrittenSegment

/** Each way in which a document could differ from the one that was signed and still be read. */
export const alterations: Readonly<Record<string, Alteration>> = {
  'with an entry altered': inChange(([text = '', ...rest]) => [`${text.slice(0, -1)} }`, ...rest]),
  'with an entry under another id': inChange(([text = '', ...rest]) => [text.replace(idOf(text), entryId(numberOf(text) - 1)), ...rest]),
  'with the first entry of a change left out': inChange((texts) => texts.slice(1)),
  'with the last entry of a change left out': inChange((texts) => texts.slice(0, -1)),
  'with an entry more': inChange((texts) => [...texts, (texts.at(-1) ?? '').replace(idOf(texts.at(-1)), entryId(numberOf(texts.at(-1)) + 1))]),
  'with two entries in the place of each other': inChange(([one = '', two = '', ...rest]) => {
    const marked = two.replace('"kind":"note"', '"kind":"other"')
    return [marked.replace(idOf(two), idOf(one)), one.replace(idOf(one), idOf(two)), ...rest]
  }),
  'with an entry moved into the next change': inTurn((changes, at) => moveBoundary(changes, at, -1)),
  'with an entry moved into the change before': inTurn((changes, at) => moveBoundary(changes, at, 1)),
  'with a change left out': inTurn((changes, at) => changes.toSpliced(at % changes.length, 1)),
  'with two changes in one': inTurn((changes, at) => {
    const index = at % (changes.length - 1)
    const [one, two] = changes.slice(index, index + 2) as [WrittenChange, WrittenChange]
    return changes.toSpliced(index, 2, { time: one.time, texts: [...one.texts, ...two.texts].slice(0, 1_000) })
  }),
  'with one change in two': inTurn((changes, at) => {
    const index = at % changes.length
    const { time, texts } = changes[index] as WrittenChange
    return changes.toSpliced(index, 1, { time, texts: texts.slice(0, 1) }, { time, texts: texts.slice(1) })
  }),
  'with a change at another time': inTurn((changes, at) => changes.map((change, index) => index === at % changes.length ? { ...change, time: Math.abs(change.time - 1) } : change)),
  'with another actor': ({ root, turns }, at) => ({ root, turns: turns.map((turn, index) => index === at % turns.length ? { ...turn, actor: 255 } : turn) }),
  'with two actors in the place of each other': ({ root, turns }) => ({ root, turns: turns.map((turn, index) => ({ ...turn, actor: turns[index < 2 ? 1 - index : index]?.actor ?? 0 })) }),
  'with a change by the actor before': ({ root, turns }) => {
    const [one, two, ...rest] = turns as [WrittenTurn, WrittenTurn]
    return { root, turns: [{ ...one, changes: [...one.changes, ...two.changes.slice(0, 1)] }, { ...two, changes: two.changes.slice(1) }, ...rest] }
  },
  'of another journal': ({ root, turns }) => ({ root: { ...root, journal: `${root.journal}x` }, turns }),
  'of another number': ({ root: { journal, prev, segment }, turns }) => ({ root: { journal, segment: segment + 1, prev: prev ?? new Uint8Array(32) }, turns }),
  'after another segment': ({ root, turns }, at) => ({ root: { ...root, segment: Math.max(root.segment, 1), prev: (root.prev ?? new Uint8Array(32)).map((byte, index) => index === at % 32 ? byte ^ 1 : byte) }, turns })
}

const idOf = (text = ''): string => text.slice(7, 33)

function numberOf (text = ''): number {
  return [...idOf(text)].reduce((number, digit) => number * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(digit), 0)
}

function inTurn (alter: (changes: readonly WrittenChange[], at: number) => readonly WrittenChange[]): Alteration {
  return ({ root, turns }, at) => ({
    root, turns: turns.map((turn, index) => index === at % turns.length ? { ...turn, changes: alter(turn.changes, at >> 2) } : turn)
  })
}

function inChange (alter: (texts: readonly string[]) => readonly string[]): Alteration {
  return inTurn((changes, at) => changes.map((change, index) => index === at % changes.length ? { ...change, texts: alter(change.texts) } : change))
}

/** Gives the second of two neighbouring changes a text of the first, or the other way round. */
function moveBoundary (changes: readonly WrittenChange[], at: number, by: 1 | -1): readonly WrittenChange[] {
  const index = at % (changes.length - 1)
  const [one, two] = changes.slice(index, index + 2) as [WrittenChange, WrittenChange]
  const texts = [...one.texts, ...two.texts]
  const cut = one.texts.length + by
  return changes.toSpliced(index, 2, { ...one, texts: texts.slice(0, cut) }, { ...two, texts: texts.slice(cut) })
}
