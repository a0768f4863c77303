import type { Action, Plan } from './plan.ts'

/**
 * The shortest plan found that still fails, by leaving out actions (ddmin: Zeller and Hildebrandt 2002): halves first,
 * then ever smaller parts. `fails` runs a plan; it is called at most `budget` times.
 */
export async function shrinkPlan (plan: Plan, fails: (plan: Plan) => Promise<boolean>, budget: number): Promise<Plan> {
  let { actions } = plan
  const spent = { runs: 0 }
  const failsWith = async (fewer: readonly Action[]) => spent.runs++ < budget && await fails({ ...plan, actions: fewer })
  for (let parts = 2; actions.length > 0 && spent.runs < budget;) {
    const size = Math.ceil(actions.length / parts)
    const smaller = await firstThat(cutsOf(actions, size), failsWith)
    if (smaller !== undefined) {
      actions = smaller
      parts = Math.max(2, parts - 1)
    } else if (size === 1) {
      break
    } else {
      parts = Math.min(actions.length, parts * 2)
    }
  }
  return { ...plan, actions }
}

/** The actions without one part, for each part. */
function * cutsOf (actions: readonly Action[], size: number): Generator<readonly Action[]> {
  for (let at = 0; at < actions.length; at += size) yield [...actions.slice(0, at), ...actions.slice(at + size)]
}

async function firstThat<Value> (values: Iterable<Value>, holds: (value: Value) => Promise<boolean>): Promise<Value | undefined> {
  for (const value of values) if (await holds(value)) return value
}
