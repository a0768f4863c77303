import { feedKey, type FeedState } from '@akshi/core'
import type { Member } from './member.ts'
import type { World } from './world.ts'

type States = ReadonlyMap<string, FeedState>
type Pair = readonly [Member, Member]

/** What each node has, by feed. */
export async function statesOf (world: World): Promise<ReadonlyMap<Member, States>> {
  const all = new Map<Member, States>()
  for (const member of world.members) all.set(member, new Map((await member.node.states()).map((state) => [feedKey(state.feed), state])))
  return all
}

/** Everybody's tips and heads, to see whether anything changes. */
export function fingerprint (states: ReadonlyMap<Member, States>): string {
  return JSON.stringify([...states.values()].map((each) => [...each].map(([key, state]) => [key, plain(state)]).sort()))
}

/** Pairs of nodes that trust each other and meet on the network. */
export function meetingPairs (world: World): Pair[] {
  return trustingPairs(world).filter((pair) => !isApart(world, pair))
}

/** Pairs of nodes that trust each other and never meet, but in a folder. */
export function folderPairs (world: World): Pair[] {
  const { folders = [] } = world.plan
  return trustingPairs(world).filter((pair) => isApart(world, pair) && folders.some((mounted) => pair.every(({ number }) => mounted.includes(number))))
}

/**
 * Feeds of states of which somebody keeps a change aside, because nobody can give it what that builds on: whoever held that
 * has lost it, or is not trusted. Who has the change has it for itself alone.
 */
export function strandedFeeds ({ members }: World): ReadonlySet<string> {
  if (members.every(({ home }) => home.losses === 0)) return new Set()
  return new Set(members.flatMap(({ node }) => node.control.journals().flatMap(({ name: journal, parked }) =>
    parked.filter(({ why }) => why === 'before').map(({ origin }) => feedKey({ journal, part: 'state', origin })))))
}

/** Pairs of which the first does not say that they have converged, with its reason. Who meet in a folder only cannot say so. */
export function unconverged (world: World): string[] {
  return meetingPairs(world).flatMap(([one, two]) => {
    const row = rowOf(one, two)
    return row?.converged === true ? [] : [`${one.node.name} says of ${two.node.name}: ${row?.reason ?? 'nothing'}`]
  })
}

/** At rest: who trust each other have the same of whom both admit. */
export function checkPairs (world: World, states: ReadonlyMap<Member, States>, pairs = [...meetingPairs(world), ...folderPairs(world)]): string[] {
  const stranded = strandedFeeds(world)
  return pairs.flatMap(([one, two]) => {
    const [mine, theirs] = [states.get(one) as States, states.get(two) as States]
    return [...mine].flatMap(([key, state]) => {
      const { journal, origin, part } = state.feed
      if (!one.home.admits(origin) || !two.home.admits(origin) || !areOn(journal, [one, two]) || stranded.has(key)) return []
      return plain(state) === plain(theirs.get(key)) ? [] : [`${one.node.name} and ${two.node.name} differ in the ${part} of ${origin.slice(-4)}: ${brief(state)} and ${brief(theirs.get(key))}`]
    })
  })
}

/** At any time: who says that it has converged with another has nothing that the other lacks. */
export function checkClaims (world: World, states: ReadonlyMap<Member, States>): string[] {
  return trustingPairs(world).filter(([one, two]) => one.node.isUp && two.node.isUp && two.home.losses === 0).flatMap(([one, two]) => {
    if (rowOf(one, two)?.converged !== true) return []
    return [...states.get(one) as States].filter(([key, { feed: { journal, origin }, tips }]) =>
      areOn(journal, [one, two]) && one.home.always.has(origin) && two.home.always.has(origin) && seqOf(tips) > seqOf(states.get(two)?.get(key)?.tips)
    ).map(([, { feed: { part, origin } }]) => `${one.node.name} says that it has converged with ${two.node.name}, which lacks of the ${part} of ${origin.slice(-4)}`)
  })
}

/** When everybody trusts everybody: what was anywhere is everywhere, and all read the same. */
export async function checkAll (world: World): Promise<string[]> {
  const { members } = world
  for (const member of members) await world.observe(member)
  const journals = new Set(members.flatMap(({ journals }) => journals))
  return [...await Promise.all([...journals].map((journal) => checkJournal(world, journal, members.filter((member) => areOn(journal, [member])))))].flat()
}

async function checkJournal (world: World, journal: string, members: readonly Member[]): Promise<string[]> {
  const honest = new Set(world.members.map(({ node: { did } }) => did))
  const isHonest = (name: string) => honest.has(world.ledger.originOf(name) ?? world.did(0))
  const survived = world.ledger.namesIn(journal, new Set(members.flatMap(({ home }) => [...home.shown]))).filter(isHonest)
  const problems: string[] = []
  let first: string | undefined
  for (const { node, home } of members) {
    const missing = survived.filter((name) => !home.shown.has(name))
    if (missing.length > 0) problems.push(`${node.name} lacks ${missing.join(', ')}`)
    const { entries } = await node.control.read(journal)
    const state = Object.entries(node.control.state(journal).value as object).filter(([name]) => isHonest(name)).sort(([a], [b]) => a < b ? -1 : 1)
    const view = JSON.stringify([entries.filter(({ origin }) => honest.has(origin)), state])
    first ??= view
    if (view !== first) problems.push(`${node.name} reads otherwise than ${members[0]?.node.name}`)
  }
  return problems
}

/** A node that lost nothing has not begun a second path of its feed. */
export function checkForks ({ members }: World, states: ReadonlyMap<Member, States>): string[] {
  const mayFork = new Map(members.map(({ node: { did }, home: { losses } }) => [did, losses]))
  return [...states].flatMap(([{ node }, each]) => [...each.values()]
    .filter(({ feed: { origin }, tips }) => tips.length > 1 + (mayFork.get(origin) ?? Infinity))
    .map((state) => `${node.name} has ${state.tips.length} paths of the ${state.feed.part} of ${state.feed.origin.slice(-4)}, who lost something ${mayFork.get(state.feed.origin) ?? 0} times`))
}

function trustingPairs ({ members }: World): Pair[] {
  return members.flatMap((one) => members.filter((two) => two !== one && one.home.trusts.has(two.node.did) && two.home.trusts.has(one.node.did)).map((two): Pair => [one, two]))
}

function isApart ({ plan: { apart = [] } }: World, [one, two]: Pair): boolean {
  return apart.some((pair) => pair.includes(one.number) && pair.includes(two.number))
}

function areOn (journal: string, members: readonly Member[]): boolean {
  return members.every(({ journals }) => journals.includes(journal))
}

function rowOf (one: Member, two: Member) {
  return one.node.control.convergence().peers.find(({ peer_id: did }) => did === two.node.did)
}

function seqOf (tips: FeedState['tips'] = []): number {
  return Math.max(0, ...tips.map(({ seq }) => seq))
}

function plain (state: FeedState | undefined): string {
  return JSON.stringify(state === undefined ? null : [state.tips.map(({ seq, id }) => `${seq} ${hex(id)}`).sort(), state.heads.map(hex).sort()])
}

function brief (state: FeedState | undefined): string {
  return state === undefined ? 'nothing' : `${state.tips.map(({ seq, id }) => `${seq}/${hex(id).slice(0, 6)}`).join(' ')} heads ${state.heads.map((head) => hex(head).slice(0, 6)).join(' ')}`
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
