import { feedKey, type FeedState } from '@akshi/core'
import { journal, type Member, type World } from './world.ts'

type States = ReadonlyMap<string, FeedState>

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

/** Pairs of nodes that trust each other. */
export function pairsOf ({ members }: World): [Member, Member][] {
  return members.flatMap((one) => members.filter((two) => two !== one && one.home.trusts.has(two.node.did) && two.home.trusts.has(one.node.did)).map((two): [Member, Member] => [one, two]))
}

/** Pairs of which the first does not say that they have converged, with its reason. */
export function unconverged (world: World): string[] {
  return pairsOf(world).flatMap(([one, two]) => {
    const row = one.node.control.convergence(journal).peers.find(({ peer_id: did }) => did === two.node.did)
    return row?.converged === true ? [] : [`${one.node.name} says of ${two.node.name}: ${row?.reason ?? 'nothing'}`]
  })
}

/** At rest: who trust each other have the same of whom both admit. */
export function checkPairs (world: World, states: ReadonlyMap<Member, States>): string[] {
  return pairsOf(world).flatMap(([one, two]) => {
    const [mine, theirs] = [states.get(one) as States, states.get(two) as States]
    return [...mine].flatMap(([key, state]) => {
      const { origin, part } = state.feed
      if (!one.home.admits(origin) || !two.home.admits(origin)) return []
      return plain(state) === plain(theirs.get(key)) ? [] : [`${one.node.name} and ${two.node.name} differ in the ${part} of ${origin.slice(-4)}: ${brief(state)} and ${brief(theirs.get(key))}`]
    })
  })
}

/** At any time: who says that it has converged with another has nothing that the other lacks. */
export function checkClaims (world: World, states: ReadonlyMap<Member, States>): string[] {
  return pairsOf(world).filter(([one, two]) => one.node.isUp && two.node.isUp && two.home.losses === 0).flatMap(([one, two]) => {
    const row = one.node.control.convergence(journal).peers.find(({ peer_id: did }) => did === two.node.did)
    if (row?.converged !== true) return []
    return [...states.get(one) as States].filter(([key, { feed: { origin }, tips }]) =>
      one.home.always.has(origin) && two.home.always.has(origin) && seqOf(tips) > seqOf(states.get(two)?.get(key)?.tips)
    ).map(([, { feed: { part, origin } }]) => `${one.node.name} says that it has converged with ${two.node.name}, which lacks of the ${part} of ${origin.slice(-4)}`)
  })
}

/** When everybody trusts everybody: what was anywhere is everywhere, and all read the same. */
export async function checkAll (world: World): Promise<string[]> {
  const honest = new Set(world.members.map(({ node: { did } }) => did))
  const survived = [...new Set(world.members.flatMap(({ home }) => [...home.shown]))].filter((name) => honest.has(world.ledger.originOf(name) ?? world.did(0)))
  const problems: string[] = []
  let first: string | undefined
  for (const member of world.members) {
    await world.observe(member)
    const { node, home } = member
    const missing = survived.filter((name) => !home.shown.has(name))
    if (missing.length > 0) problems.push(`${node.name} lacks ${missing.join(', ')}`)
    const { entries } = await node.control.read(journal)
    const view = JSON.stringify([entries.filter(({ origin }) => honest.has(origin)), sorted(node.control.state(journal).value as object)])
    first ??= view
    if (view !== first) problems.push(`${node.name} reads otherwise than node-0`)
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

function seqOf (tips: FeedState['tips'] = []): number {
  return Math.max(0, ...tips.map(({ seq }) => seq))
}

function plain (state: FeedState | undefined): string {
  return JSON.stringify(state === undefined ? null : [state.tips.map(({ seq, id }) => `${seq} ${hex(id)}`).sort(), state.heads.map(hex).sort()])
}

function brief (state: FeedState | undefined): string {
  return state === undefined ? 'nothing' : `${state.tips.map(({ seq, id }) => `${seq}/${hex(id).slice(0, 6)}`).join(' ')} heads ${state.heads.map((head) => hex(head).slice(0, 6)).join(' ')}`
}

function sorted (value: object): unknown {
  return Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
