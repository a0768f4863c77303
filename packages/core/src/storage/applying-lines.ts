import { MeshError } from '../errors.ts'
import type { DiskFile } from './disk.ts'

export type ApplyingState = 'applying' | 'suspect' | 'quarantined'

export interface ApplyingLine {
  /** Hex. */
  readonly id: string
  readonly state: ApplyingState
}

const lineLength = 80
const version = 1
const title = `akshi applying mark ${version}`
/** The title of a later version says it twice, so that damage is not taken for one. */
const later = /^akshi applying mark ([2-9]|[1-9]\d+) \1 *$/
const form = /^([0-9a-f]{64}) (applying|suspect|quarantined) *$/

/**
 * A file of text in lines of 80 bytes, each written in place, so that none needs room on a full disk: a title, then an id
 * and its state a line, or blanks. Lines that are nothing of this count as blank.
 */
export class ApplyingLines {
  readonly #file: DiskFile
  readonly #lines: (ApplyingLine | undefined)[]

  /** Throws `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`. */
  constructor (file: DiskFile, path: string) {
    const [first = '', ...lines] = readLines(file)
    const found = later.exec(first)?.[1]
    if (found !== undefined) throw new MeshError('MESH_FORMAT_NEWER', `${path} was written by a newer Akshi (format ${found}; this one knows ${version}). Update Akshi.`)
    if (first.trimEnd() !== title) file.write([padded(title)], 0)
    this.#file = file
    this.#lines = lines.map(parseLine)
  }

  /** Lines in order, without the title. */
  get all (): readonly (ApplyingLine | undefined)[] { return this.#lines }

  /** Writes a line. Throws `MESH_DISK_FAILED`, and it is unknown what it then says. */
  put (index: number, line: ApplyingLine | undefined): void {
    this.#file.write([padded(line === undefined ? '' : `${line.id} ${line.state}`)], (index + 1) * lineLength)
    this.#lines[index] = line
  }
}

function readLines (file: DiskFile): string[] {
  const text = file.read(0, file.size).toString('latin1')
  return Array.from({ length: Math.ceil(text.length / lineLength) }, (_, index) => text.slice(index * lineLength, (index + 1) * lineLength - 1))
}

function parseLine (text: string): ApplyingLine | undefined {
  const [, id, state] = form.exec(text) ?? []
  return id === undefined ? undefined : { id, state: state as ApplyingState }
}

function padded (text: string): Uint8Array {
  return Buffer.from(`${text.padEnd(lineLength - 1)}\n`)
}
