import { stripVTControlCharacters } from 'node:util'
import type { OutputStream } from '../io.ts'

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const eraseToEndOfLine = '\u001b[K'
const eraseBelow = '\u001b[J'

/** Lines at the bottom of a terminal that are replaced in place. Close it, or the cursor stays hidden. */
export class Screen {
  readonly #stdout: OutputStream
  #drawn = 0

  constructor (stdout: OutputStream) {
    this.#stdout = stdout
    stdout.write(hideCursor)
  }

  /** Replaces what was drawn before; in one write, so that nothing flickers. */
  draw (lines: readonly string[]): void {
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : ''
    const { columns = 80, rows = 24 } = this.#stdout
    // What has scrolled away cannot be replaced.
    const shown = lines.slice(0, rows - 1)
    this.#stdout.write(`${up}\r${shown.map((line) => cut(line, columns) + eraseToEndOfLine + '\n').join('')}${eraseBelow}`)
    this.#drawn = shown.length
  }

  close (): void {
    this.#stdout.write(showCursor)
  }
}

/** A line that fits into `columns`, with an ellipsis where it does not; styles are kept and take no room. */
export function cut (line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line
  let room = columns - 1
  // eslint-disable-next-line no-control-regex
  const kept = line.replace(/(\u001b\[[0-9;]*m)|./gu, (character, style) => style !== undefined || room-- > 0 ? character : '')
  return `${kept}…`
}
