import type { DiscoverySubject } from '../conformance/discovery-subject.ts'
import type { TransportSubject } from '../conformance/transport-subject.ts'
import { seededRandom } from '../seeded-random.ts'
import { tryDiscovery } from './discovery-trial.ts'
import { FaultTrial, type FaultReport } from './fault-trial.ts'
import { tryTransport } from './transport-trial.ts'

export interface FaultProfileOptions {
  /** What is done, and in which order, follows from it; what comes of it may depend on the machine too. Default 1. */
  readonly seed?: number
  /** Default 40. */
  readonly rounds?: number
}

/**
 * Has some nodes use a plugin at once while calls are aborted, nodes stop and start, and, where the subject can, what they share goes
 * away: what conformance cases do one at a time comes together here. It looks for what is lost, altered, left over or hangs.
 * Resolves to what it found; never rejects. One at a time in a process.
 */
export async function faultProfile (subject: TransportSubject | DiscoverySubject, { seed = 1, rounds = 40 }: FaultProfileOptions = {}): Promise<FaultReport> {
  const trial = new FaultTrial(seed, seededRandom(seed))
  await trial.play(() => 'reach' in subject ? tryTransport(trial, subject, rounds) : tryDiscovery(trial, subject, rounds))
  return trial.report
}
