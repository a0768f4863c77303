import { describeError } from '@akshi/core'
import { quiesce } from '../quiescence.ts'
import { Doer } from './deeds.ts'
import { checkAll, checkClaims, checkForks, checkPairs, fingerprint, folderPairs, statesOf, strandedFeeds, unconverged } from './invariants.ts'
import type { Mutation } from './mutation.ts'
import type { Plan } from './plan.ts'
import { clearWeather, World } from './world.ts'

export interface SimulateOptions {
  /** Breaks the first node, to see that it is found. */
  readonly mutation?: Mutation | undefined
  /** Filled with everything that happens, one line each. */
  readonly lines?: string[] | undefined
}

/** How a simulation went. */
export interface Outcome {
  readonly seed: number
  /** What must not be and was; empty when all is well. */
  readonly problems: readonly string[]
  /** SHA-256 of all that happened, hex: the same for the same plan. */
  readonly trace: string
  readonly virtualMs: number
  readonly messages: number
  readonly acknowledged: number
  readonly faults: number
  /** How long the mesh took to come to rest once all was healed, in milliseconds, and once everybody trusted everybody. */
  readonly restMs: readonly number[]
}

const maxRestMs = 900_000
/** Once something is wrong, nobody waits for the rest. */
const maxRestAfterProblemsMs = 60_000
/** How often it is looked whether all is at rest: at first, and when that takes long. */
const restStepMs = { first: 250, later: 2_000 }
/** After this long, what nobody can make use of any more is no reason to wait. */
const strandedMs = 60_000
const longRestMs = 20_000
const stillMs = 25_000
const sampleMs = 1_000

/** Runs a plan, heals everything, waits for rest and checks the invariants. */
export async function simulate (plan: Plan, { mutation, lines }: SimulateOptions = {}): Promise<Outcome> {
  await using world = await World.make(plan, { mutation, lines })
  const doer = new Doer(world)
  const restMs: number[] = []
  try {
    await act(world, doer, plan)
    clearWeather(world.network)
    await doer.heal()
    for (const member of world.members) await world.observe(member)
    restMs.push(await rest(world))
    await trustAll(world)
    restMs.push(await rest(world))
    world.problems.push(...await checkAll(world))
    await world.checkLeaks()
  } catch (error) {
    world.problems.push(`the simulation failed: ${describeError(error)}`)
  }
  return { seed: plan.seed, problems: [...new Set(world.problems)], trace: world.trace, virtualMs: world.clock.monotonic(), messages: world.messages, acknowledged: world.acknowledged, faults: doer.faults, restMs }
}

async function act (world: World, doer: Doer, { actions, durationMs }: Plan): Promise<void> {
  let sampled = 0
  for (const action of actions) {
    await world.runUntil(action.at)
    await doer.do(action)
    await quiesce()
    if (action.at - sampled < sampleMs) continue
    sampled = action.at
    world.problems.push(...checkClaims(world, await statesOf(world)))
    await world.checkLeaks()
  }
  await world.runUntil(durationMs)
}

/**
 * Waits until all say that they have converged and nothing moves any more, and sees that it is true. Resolves to how long
 * it took. Only what a malicious peer or a folder still has to offer may change what all have once all say so.
 */
async function rest (world: World): Promise<number> {
  const { clock } = world
  const began = clock.monotonic()
  const tookMs = () => clock.monotonic() - began
  const isLate = () => tookMs() >= (world.problems.length > 0 ? maxRestAfterProblemsMs : maxRestMs)
  for (;;) {
    while (!isLate() && (world.isCalling || await isUnsettled(world, tookMs()))) await world.runUntil(clock.monotonic() + (tookMs() < longRestMs ? restStepMs.first : restStepMs.later))
    const took = tookMs()
    world.problems.push(...checkClaims(world, await statesOf(world)))
    const { changed, pulls } = await watch(world)
    if (changed && world.mallories.length + world.folders.length === 0) world.problems.push('all said that they had converged, and then something changed')
    if (changed && !isLate()) continue
    const reasons = strandedFeeds(world).size > 0 ? [] : unconverged(world)
    if (pulls > 0 && unconverged(world).length === 0) world.problems.push(`${pulls} pulls and their answers between nodes that have converged`)
    for (const reason of reasons) world.problems.push(`no rest within ${took / 1000} s: ${reason}`)
    const states = await statesOf(world)
    world.problems.push(...checkPairs(world, states), ...checkClaims(world, states), ...checkForks(world, states))
    return took
  }
}

/** Whether some have not said yet that they have converged, or do not have the same. What is stranded may keep them from saying so for ever. */
async function isUnsettled (world: World, tookMs: number): Promise<boolean> {
  if (await differInFolders(world)) return true
  if (unconverged(world).length === 0) return false
  return tookMs < strandedMs || strandedFeeds(world).size === 0 || checkPairs(world, await statesOf(world)).length > 0
}

/** Whether two that meet in a folder only do not have the same yet. */
async function differInFolders (world: World): Promise<boolean> {
  const pairs = folderPairs(world)
  return pairs.length > 0 && checkPairs(world, await statesOf(world), pairs).length > 0
}

/** Looks on for a while: whether anybody gets anything, and what honest nodes fetch from each other. */
async function watch (world: World): Promise<{ readonly changed: boolean, readonly pulls: number }> {
  const honest = new Set(world.members.map(({ node: { did } }) => did))
  const before = fingerprint(await statesOf(world))
  let pulls = 0
  const stop = world.network.onMessage(({ kind, from, to }) => { if (kind === 'pull' && honest.has(from) && honest.has(to)) pulls++ })
  await world.runUntil(world.clock.monotonic() + stillMs)
  stop()
  return { changed: before !== fingerprint(await statesOf(world)), pulls }
}

async function trustAll (world: World): Promise<void> {
  for (const { node, home } of world.members) {
    for (const { node: { did } } of world.members) {
      if (did === node.did || home.trusts.has(did)) continue
      home.always.delete(did)
      home.ever.add(did)
      await node.control.trust(did)
      home.trusts.add(did)
    }
  }
}
