import { writeSegment } from './forge.ts'
import { cloneOf, Home, newTexts, settled } from './support.ts'

/** Lives of one origin that went on from the same place, and how many entries all of them wrote. */
export interface Lives { readonly homes: readonly Home[], readonly entries: number, readonly paths: number }

/** Makes a home's open segment a closed one, however little is in it, and begins the next. Resolves to the text of its entry. */
export async function beginSegment ({ feed }: Home): Promise<string[]> {
  const texts = newTexts(1)
  const after = feed.tip
  const number = 1 + (feed.tree.leaves.find(({ tip }) => tip === after)?.number ?? -1)
  const { envelopes } = writeSegment({ texts: [texts], number, ...after !== undefined && { after } })
  await feed.accept(envelopes.map((envelope) => ({ kind: 'envelope', envelope })))
  return texts
}

/** Begins so many segments that the envelopes of what was written before are gone. */
async function forgetEnvelopes (home: Home): Promise<void> {
  for (let i = 0; i < 3; i++) await beginSegment(home)
  await settled(home)
}

/** A home with four envelopes in its first segment, and a clone of it. */
async function begun (): Promise<[Home, Home]> {
  const home = await Home.open()
  for (let i = 0; i < 4; i++) await home.append(2)
  return [home, await cloneOf(home)]
}

/** Ways in which one origin comes to several lives. */
export const forkStories: Readonly<Record<string, () => Promise<Lives>>> = {
  'an old backup was restored': async () => {
    const home = await Home.open()
    await home.append(3)
    const backup = await cloneOf(home)
    for (const count of [2, 1]) await home.append(count)
    await backup.append(4)
    return { homes: [home, backup], entries: 10, paths: 2 }
  },
  'a disk was lost': async () => {
    const [home, fresh] = [await Home.open(), await Home.open()]
    for (const count of [3, 1]) await home.append(count)
    await fresh.append(2)
    return { homes: [home, fresh], entries: 6, paths: 2 }
  },
  'three clones went on': async () => {
    const home = await Home.open()
    await home.append(3)
    const homes = [home, await cloneOf(home), await cloneOf(home)]
    for (const each of homes) await each.append(2)
    return { homes, entries: 9, paths: 3 }
  },
  'a fork forked': async () => {
    const home = await Home.open()
    await home.append(2)
    const first = await cloneOf(home)
    await home.append(1)
    for (let i = 0; i < 2; i++) await first.append(1)
    const second = await cloneOf(first)
    await first.append(1)
    await second.append(3)
    return { homes: [home, first, second], entries: 9, paths: 3 }
  },
  'a segment was full': async () => {
    const [home, clone] = await begun()
    await beginSegment(home)
    await beginSegment(clone)
    await clone.append(2)
    return { homes: [home, clone], entries: 12, paths: 2 }
  },
  'one life closed a segment where the other went on in it': async () => {
    const [home, clone] = await begun()
    await home.append(3)
    await beginSegment(clone)
    return { homes: [home, clone], entries: 12, paths: 2 }
  },
  'both lives closed several segments, and few of their envelopes are kept': async () => {
    const [home, clone] = await begun()
    for (const each of [home, clone]) {
      await each.append(2)
      await forgetEnvelopes(each)
    }
    return { homes: [home, clone], entries: 18, paths: 2 }
  },
  'one life closed a segment where the other went on in it, whose envelopes are gone by now': async () => {
    const [home, clone] = await begun()
    await home.append(3)
    await forgetEnvelopes(home)
    await beginSegment(clone)
    return { homes: [home, clone], entries: 15, paths: 2 }
  },
  'the same, and the other life has closed segments too': async () => {
    const [home, clone] = await begun()
    await home.append(3)
    for (const each of [home, clone]) await forgetEnvelopes(each)
    return { homes: [home, clone], entries: 17, paths: 2 }
  },
  'a life wrote on in a segment that another had closed': async () => {
    const [home, clone] = await begun()
    for (let i = 0; i < 2; i++) await clone.append(1)
    await forgetEnvelopes(home)
    return { homes: [home, clone], entries: 13, paths: 2 }
  },
  'a third life closed a segment earlier than two others, which went on in it': async () => {
    const [home, first] = await begun()
    const second = await cloneOf(home)
    await beginSegment(second)
    for (const each of [home, first]) for (let i = 0; i < 2; i++) await each.append(1)
    const third = await cloneOf(first)
    await forgetEnvelopes(home)
    await first.append(1)
    await beginSegment(third)
    return { homes: [home, first, second, third], entries: 8 + 1 + 2 + 3 + 2 + 1 + 1, paths: 4 }
  }
}

/** The lives after such a story. */
export async function livesAfter (story: string): Promise<Lives> {
  const tell = forkStories[story]
  if (tell === undefined) throw new TypeError(`There is no story "${story}"`)
  return await tell()
}
