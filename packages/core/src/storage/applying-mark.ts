import { ApplyingLines, type ApplyingState } from './applying-lines.ts'
import { closeOnFailure } from './close-on-failure.ts'
import type { Disk, DiskFile } from './disk.ts'

const idLength = 32
/** The line of what is being applied; the verdicts stand on those after it. */
const slot = 0

/**
 * Remembers which envelope is being given to Automerge, so that one that kills the process does not kill it at every
 * start. The first death makes its id a suspect, for it may be chance; a death while it is tried again puts it in
 * quarantine for good. A suspect that is applied without harm is one no more.
 *
 * The file is text, to be read by people; see `ApplyingLines`.
 */
export class ApplyingMark {
  readonly #file: DiskFile
  readonly #lines: ApplyingLines
  #current: string | undefined

  private constructor (file: DiskFile, lines: ApplyingLines) {
    this.#file = file
    this.#lines = lines
  }

  /**
   * Opens or makes the file, in a folder that is there, and draws the conclusion from how the life before ended.
   *
   * @throws MeshError `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`.
   */
  static async open (disk: Disk, path: string): Promise<ApplyingMark> {
    const file = await disk.open(path)
    return await closeOnFailure(file, async () => {
      const mark = new ApplyingMark(file, new ApplyingLines(file, path))
      if (mark.#conclude()) await file.sync()
      return mark
    })
  }

  /** Ids (hex) that were being applied in two lives that ended: never give them to Automerge again. */
  get quarantined (): ReadonlySet<string> { return this.#having('quarantined') }

  /** Ids (hex) that were being applied when a life ended, and not applied since: give each to Automerge alone. */
  get suspects (): ReadonlySet<string> { return this.#having('suspect') }

  /**
   * Notes that the envelope with this id is about to be applied; one at a time. Takes microseconds, for it need not
   * survive a power cut.
   *
   * @throws MeshError `MESH_DISK_FAILED`; then do not apply it.
   */
  begin (id: Uint8Array): void {
    if (id.length !== idLength) throw new TypeError(`An id has ${idLength} bytes, not ${id.length}`)
    if (this.#current !== undefined) throw new TypeError(`${this.#current} is still being applied`)
    const hex = Buffer.from(id).toString('hex')
    this.#lines.put(slot, { id: hex, state: 'applying' })
    this.#current = hex
  }

  /** It was applied, or Automerge refused it with an error: the process lives. Throws `MESH_DISK_FAILED`. */
  end (): void {
    const id = this.#current
    this.#current = undefined
    this.#lines.put(slot, undefined)
    const line = this.#lineOf(id)
    if (this.#lines.all[line]?.state === 'suspect') this.#lines.put(line, undefined)
  }

  /** Takes an id out of quarantine and suspicion; durable once it resolves. Throws `MESH_DISK_FAILED`. */
  async forget (id: Uint8Array): Promise<void> {
    const line = this.#lineOf(Buffer.from(id).toString('hex'))
    if (line === -1) return
    this.#lines.put(line, undefined)
    await this.#file.sync()
  }

  async close (): Promise<void> {
    await this.#file.close()
  }

  /** The verdict is written before the slot is blanked: a death in between counts once more, which errs to the safe side. */
  #conclude (): boolean {
    const id = this.#lines.all[slot]?.id
    if (id === undefined) return false
    const known = this.#lineOf(id)
    this.#lines.put(known === -1 ? this.#freeLine() : known, { id, state: known === -1 ? 'suspect' : 'quarantined' })
    this.#lines.put(slot, undefined)
    return true
  }

  #lineOf (id: string | undefined): number {
    return this.#lines.all.findIndex((line, index) => index !== slot && line !== undefined && line.id === id)
  }

  #freeLine (): number {
    const free = this.#lines.all.findIndex((line, index) => index !== slot && line === undefined)
    return free === -1 ? this.#lines.all.length : free
  }

  #having (state: ApplyingState): ReadonlySet<string> {
    return new Set(this.#lines.all.filter((line) => line?.state === state).map((line) => line?.id ?? ''))
  }
}
