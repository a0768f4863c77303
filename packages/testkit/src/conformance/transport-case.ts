import type { Transport } from '@akshi/core'
import type { ConformanceCase } from './conformance-case.ts'
import { TransportStage, type TransportScript } from './transport-stage.ts'
import type { TransportSubject } from './transport-subject.ts'

/** A promise of transports. */
export interface TransportCase extends ConformanceCase<TransportSubject> {
  /** Which transports make it. */
  readonly reach: Transport['reach'] | 'any'
  /** What the subject's worlds must be able to do. */
  readonly needs?: TransportSubject['can'][number]
}

type Script = Omit<TransportCase, 'run' | 'reach'> & TransportScript

/** A promise of transports that have links to peers. */
export function peerCase (script: Script): TransportCase { return fromScript('peer', script) }

/** A promise of transports that everybody shares. */
export function sharedCase (script: Script): TransportCase { return fromScript('shared', script) }

/** A promise of all transports. */
export function anyCase (script: Script): TransportCase { return fromScript('any', script) }

function fromScript (reach: TransportCase['reach'], script: Script): TransportCase {
  const { play: _play, ...rest } = script
  return { ...rest, reach, run: (subject) => TransportStage.play(subject, script) }
}
