import { stripVTControlCharacters, styleText } from 'node:util'
import type { OutputStream } from './io.ts'

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

/** Puts the cursor in the corner, and clears what is on the screen and above it (ECMA-48). */
const clearScreen = '\u001b[H\u001b[2J\u001b[3J'

/** Writes results to stdout, for people or as JSON. Everything else (logs, errors, hints) goes to stderr. */
export class Terminal {
  readonly #stdout: OutputStream
  readonly #json: boolean
  readonly #colour: boolean

  constructor (stdout: OutputStream, options: { readonly json: boolean, readonly colour: boolean }) {
    this.#stdout = stdout
    this.#json = options.json
    this.#colour = options.colour
  }

  /** One of many results of a command that goes on: `value` as a line of JSON, or `line` for people. */
  item (value: unknown, line: () => string): void {
    this.#stdout.write((this.#json ? JSON.stringify(value) : line()) + '\n')
  }

  /** The one result of a command: `value` as a JSON document, or `lines` for people. */
  result (value: unknown, lines: () => readonly string[]): void {
    this.#stdout.write((this.#json ? JSON.stringify(value) : lines().join('\n')) + '\n')
  }

  /** One of many states of a command that goes on: `value` as a line of JSON, or `lines` in the place of those before, on a terminal. */
  page (value: unknown, lines: () => readonly string[]): void {
    const clear = this.#stdout.isTTY === true ? clearScreen : ''
    this.#stdout.write(this.#json ? JSON.stringify(value) + '\n' : `${clear}${lines().join('\n')}\n`)
  }

  style (style: Style, text: string): string {
    return this.#colour ? styleText(style, text) : text
  }
}

/** True when `stream` should get colours: a terminal, no `NO_COLOR` (https://no-color.org) and no `--no-color`. */
export function wantsColour (stream: OutputStream, env: NodeJS.ProcessEnv, flag = true): boolean {
  return flag && stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
}

/** Lines of aligned columns, two spaces apart; those named in `right` (by index) are aligned to the right. */
export function table (rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))))
  return rows.map((row) => row.map((cell, column) => {
    const gap = ' '.repeat((widths[column] ?? 0) - width(cell))
    return right.includes(column) ? gap + cell : cell + gap
  }).join('  ').trimEnd())
}

/** `text` in lines of at most `columns`, broken at spaces; those after the first are indented. */
export function wrap (text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = ' '
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** `text` with control and direction characters made visible: what peers wrote cannot steer the terminal. */
export function printable (text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Heads for people: the first eight hex digits of each of the first three. */
export function shortHeads (heads: readonly string[]): string {
  if (heads.length === 0) return '-'
  const shown = heads.slice(0, 3).map((head) => head.slice(0, 8)).join(' ')
  return heads.length > 3 ? `${shown} +${heads.length - 3}` : shown
}

/** `count` with its noun: "1 peer", "2 peers", "3 entries". */
export function counted (count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function width (text: string): number {
  return stripVTControlCharacters(text).length
}
