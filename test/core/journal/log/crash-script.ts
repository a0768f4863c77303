import { isMeshError } from '@akshi/core'
import { crashes, type FaultyDisk } from '@akshi/testkit'
import type { LogSegment } from '../../../../packages/core/src/journal/log/log-segment.ts'
import { failureOf } from '../../../support/failures.ts'
import { beginSegment } from './fork-stories.ts'
import { arrivalOf, carry, cloneOf, Home, itemsFor, keepSnapshot, newTexts, numbersOf, origin, at } from './support.ts'

/** Where a script begins, and what it does. */
export interface Scene {
  readonly disk: FaultyDisk
  /** A peer's disk, with all that the home has. */
  readonly peer: FaultyDisk
  /** What other lives have written meanwhile: each makes a path. */
  readonly clones: readonly { readonly items: readonly Uint8Array[], readonly numbers: readonly number[] }[]
  readonly steps: (actor: Actor) => readonly (() => Promise<unknown>)[]
}

interface Actor {
  append (count: number): Promise<void>
  /** Takes what a clone has written. */
  take (clone: number): Promise<void>
  /** Gives the peer what it lacks. */
  give (maxEnvelopes?: number): Promise<unknown>
  /** Makes a snapshot of the newest segment, once what is to be sealed is sealed. */
  save (): Promise<unknown>
}

/** A few small segments, and three clones: one went on in the open segment, the others closed it earlier. */
export async function smallScene (): Promise<Scene> {
  const home = await Home.open()
  for (let i = 0; i < 2; i++) await home.append(2)
  for (let i = 0; i < 2; i++) await beginSegment(home)
  await home.append(2)
  const peer = await Home.open()
  await carry(home, peer, { maxEnvelopes: 0 })
  const clones = [await cloneOf(home), await cloneOf(home), await cloneOf(home)] as const
  const { points } = home.feed
  const texts = [...await clones[0].append(2), ...await clones[0].append(1)]
  const begun = [await beginSegment(clones[1]), await beginSegment(clones[2])] as const
  const items = [await itemsFor(clones[0], { have: points }), await itemsFor(clones[1], { have: points }, { newestFirst: true }), await itemsFor(clones[2], { have: points })] as const
  for (const each of [home, peer]) await each.close()
  return {
    disk: home.disk,
    peer: peer.disk,
    clones: [{ items: items[0], numbers: numbersOf(texts) }, { items: items[1], numbers: numbersOf(begun[0]) }, { items: items[2], numbers: numbersOf(begun[1]) }],
    steps: ({ append, take, give, save }) => [
      () => append(1), () => append(3), () => give(), save, () => append(2), () => take(0), () => append(1), () => give(0), () => take(1), () => take(2), () => append(1), () => give()
    ]
  }
}

/** A segment that is almost full, so that an append goes over its border. */
export async function fullScene (): Promise<Scene> {
  const home = await Home.open()
  for (let i = 0; i < 4; i++) await home.append(1000)
  const peer = await Home.open()
  await carry(home, peer)
  for (const each of [home, peer]) await each.close()
  return { disk: home.disk, peer: peer.disk, clones: [], steps: ({ append, give, save }) => [() => append(120), save, () => append(2), () => give()] }
}

/** What came of a run of the script. */
export interface Outcome {
  /** Numbers of the entries that were acknowledged. */
  readonly acknowledged: readonly number[]
  readonly peer: Home
}

/** Plays the script of a scene. Goes on after a disk that fails; ends when the process dies. */
export async function play (scene: Scene, home: Home): Promise<Outcome> {
  const peer = await Home.open({ disk: scene.peer.afterKill() })
  const acknowledged: number[] = []
  const actor: Actor = {
    append: async (count) => {
      const texts = newTexts(count)
      await home.feed.append(texts, origin, at)
      acknowledged.push(...numbersOf(texts))
    },
    take: async (clone) => {
      const { items = [], numbers = [] } = scene.clones[clone] ?? {}
      const verdicts = await home.feed.accept(items.map(arrivalOf))
      if (verdicts.every(({ status }) => status === 'stored' || status === 'duplicate')) acknowledged.push(...numbers)
    },
    give: (maxEnvelopes = 1000) => carry(home, peer, { maxEnvelopes }),
    save: () => keepSnapshot(home, home.feed.tree.all.at(-1) as LogSegment)
  }
  for (const step of scene.steps(actor)) {
    const error = await failureOf(step)
    if (await crashes(async () => home.disk.throwIfCrashed())) break
    if (error !== undefined && !isMeshError(error, 'MESH_DISK_FAILED')) throw new Error('A step failed otherwise than by the disk', { cause: error })
  }
  return { acknowledged, peer }
}
