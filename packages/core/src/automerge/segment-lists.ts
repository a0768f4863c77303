import { actorNameOf, listKey, noLists, planAppend, type AppendRun, type ListEnd } from './append-plan.ts'
import { LogColumns } from './log-columns.ts'
import type { Turn } from './segment-document.ts'
import { rootKeys, type SegmentRoot } from './segment-position.ts'

/** A list, filled by one turn of its actor. */
export interface List { readonly key: string, readonly actor: number, readonly run: AppendRun }

/** The lists that turns make and fill, and how many texts each change appends. */
export function planLists (turns: readonly Turn[], lastOps: readonly number[], actors: readonly Uint8Array[], rootOps: number): { lists: List[], counts: number[], end: ListEnd } {
  const lists: List[] = []
  let end = noLists
  for (const { actor, firstOp, lastOp } of turns) {
    const first = firstOp === 1 ? firstOp + rootOps : firstOp
    const plan = planAppend(noLists, first, lastOp + 1 - first)
    for (const run of plan.runs) lists.push({ key: listKey(actorNameOf(actors[actor] as Uint8Array), run.chunk), actor, run })
    end = plan.end
  }
  return { lists, counts: countTexts(lists, lastOps, rootOps), end }
}

function countTexts (lists: readonly List[], lastOps: readonly number[], rootOps: number): number[] {
  const made = lists.map(({ run }) => run.list)
  let [before, list] = [rootOps, 0]
  return lastOps.map((lastOp) => {
    let count = lastOp - before
    for (; (made[list] ?? Infinity) <= lastOp; list++) count--
    if (count <= 0 || made[list - 1] === lastOp) throw new RangeError('a change in it appends nothing')
    before = lastOp
    return count
  })
}

/** The columns of a document with these lists: first the root in the order of its keys, then list after list. */
export function columnsOf (lists: readonly List[], root: SegmentRoot): LogColumns {
  const columns = new LogColumns('document')
  for (const { key, actor, run } of lists.toSorted((a, b) => a.key < b.key ? -1 : 1)) columns.makeList(key, actor, run.list)
  const first = lists[0]?.actor ?? 0
  const keys = rootKeys(root)
  for (const key of keys.toSorted()) columns.put(key, first, keys.indexOf(key) + 1)
  for (const { actor, run } of lists) columns.append(run, actor)
  return columns
}
