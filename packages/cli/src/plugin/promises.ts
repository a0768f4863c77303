import { describeError } from '@akshi/core'
import type { Kit, Subject } from './kit.ts'
import type { Line } from './package-checks.ts'

/** Plays each conformance case that applies, one after the other; `seen` is called after each. Rejects with `TypeError` for an exemption from what is no case. */
export async function checkPromises (kit: Kit, subject: Subject, seen: (line: Line) => void): Promise<readonly Line[]> {
  const cases = subject.reach === undefined ? kit.discoveryCasesOf(subject) : kit.transportCasesOf(subject)
  const lines: Line[] = []
  for (const { name, run } of cases) {
    const line = await run(subject).then(() => ({ what: name }), (error: unknown) => ({ what: name, problem: describeError(error) }))
    lines.push(line)
    seen(line)
  }
  return lines
}

/** A promise that was not tried, and what the subject lacks for it. */
export interface Untried {
  readonly what: string
  readonly lacks: string
}

/** The promises of its kind that this subject cannot try and is not exempt from. Throws as `checkPromises` rejects. */
export function untriedPromises (kit: Kit, subject: Subject): readonly Untried[] {
  const cases = subject.reach === undefined ? kit.untriedDiscoveryCasesOf(subject) : kit.untriedTransportCasesOf(subject)
  return cases.map(({ name, needs = '' }) => ({ what: name, lacks: `${needs}()` }))
}
