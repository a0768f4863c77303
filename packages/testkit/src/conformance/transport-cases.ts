import { askingCases } from './asking-cases.ts'
import { carryingCases } from './carrying-cases.ts'
import { withoutExempt } from './conformance-case.ts'
import { failingCases } from './failing-cases.ts'
import { lifeCases } from './life-cases.ts'
import { outageCases } from './outage-cases.ts'
import { sharedCases } from './shared-cases.ts'
import type { TransportCase } from './transport-case.ts'
import type { TransportSubject } from './transport-subject.ts'

/** All promises of transports that can be seen from outside. */
export const transportCases: readonly TransportCase[] = [...carryingCases, ...askingCases, ...failingCases, ...sharedCases, ...outageCases, ...lifeCases]

/**
 * Those that a subject has promised: by its reach, by what its worlds can do, and without those it is exempt from.
 *
 * @throws TypeError when it is exempt from something that is no case of its reach.
 */
export function transportCasesOf (subject: TransportSubject): readonly TransportCase[] {
  return promised(subject).filter(({ needs }) => needs === undefined || subject.can.includes(needs))
}

/** Those that its worlds cannot try, though it is not exempt from them: each says what it `needs`. */
export function untriedTransportCasesOf (subject: TransportSubject): readonly TransportCase[] {
  return promised(subject).filter(({ needs }) => needs !== undefined && !subject.can.includes(needs))
}

function promised ({ reach, exempt = {} }: TransportSubject): readonly TransportCase[] {
  return withoutExempt(transportCases.filter((each) => each.reach === 'any' || each.reach === reach), exempt)
}
