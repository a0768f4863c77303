import type { ImportResult } from '../control.ts'
import type { Verdict } from '../transport.ts'

/** Counts what became of the items of an import. */
export function importResultOf (verdicts: readonly Verdict[]): ImportResult {
  const others = new Map<string, { status: string, reason: string, items: number }>()
  for (const { status, reason = '' } of verdicts) {
    if (status === 'stored' || status === 'duplicate') continue
    const row = others.get(`${status} ${reason}`) ?? { status, reason, items: 0 }
    others.set(`${status} ${reason}`, { ...row, items: row.items + 1 })
  }
  const count = (wanted: string) => verdicts.filter(({ status }) => status === wanted).length
  return { stored: count('stored'), duplicate: count('duplicate'), others: [...others.values()] }
}
