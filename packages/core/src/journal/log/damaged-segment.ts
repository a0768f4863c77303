import { MeshError } from '../../errors.ts'
import type { LogSegment } from './log-segment.ts'

/** The files of a segment are not what was written. */
export class DamagedSegment extends MeshError {
  readonly segment: LogSegment

  constructor (segment: LogSegment, message: string) {
    super('MESH_DISK_FAILED', message)
    this.segment = segment
  }
}
