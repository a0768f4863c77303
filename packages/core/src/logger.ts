import type { Clock } from './clock.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'pretty' | 'json'
export type LogFields = Readonly<Record<string, unknown>>

/** Writes one line an event. Never pass a secret in `fields`. */
export interface Logger {
  debug (message: string, fields?: LogFields): void
  info (message: string, fields?: LogFields): void
  warn (message: string, fields?: LogFields): void
  error (message: string, fields?: LogFields): void
  /** A logger that adds `fields` to each line. */
  child (fields: LogFields): Logger
  /**
   * A warning that is written once per `key` and ten minutes; the next line says how many were held back. For what
   * others can cause at will: bad envelopes, foreign certificates, unreachable addresses.
   */
  warnOnce (key: string, message: string, fields?: LogFields): void
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly clock: Clock
  /** Takes one line without its newline. */
  readonly write: (line: string) => void
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
const repeatAfterMs = 600_000
const maxRepeatKeys = 1_000

/** A logger that formats lines for people (`pretty`) or for machines (`json`, one object a line). */
export function createLogger (options: LoggerOptions): Logger {
  return new LineLogger(options, {}, new Map())
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
  warnOnce: () => {}
}

interface Repeat { at: number, held: number }

class LineLogger implements Logger {
  readonly #options: LoggerOptions
  readonly #fields: LogFields
  readonly #repeats: Map<string, Repeat>

  constructor (options: LoggerOptions, fields: LogFields, repeats: Map<string, Repeat>) {
    this.#options = options
    this.#fields = fields
    this.#repeats = repeats
  }

  debug (message: string, fields?: LogFields): void { this.#line('debug', message, fields) }
  info (message: string, fields?: LogFields): void { this.#line('info', message, fields) }
  warn (message: string, fields?: LogFields): void { this.#line('warn', message, fields) }
  error (message: string, fields?: LogFields): void { this.#line('error', message, fields) }

  child (fields: LogFields): Logger {
    return new LineLogger(this.#options, { ...this.#fields, ...fields }, this.#repeats)
  }

  warnOnce (key: string, message: string, fields?: LogFields): void {
    const now = this.#options.clock.monotonic()
    const repeat = this.#repeats.get(key)
    if (repeat !== undefined && now - repeat.at < repeatAfterMs) {
      repeat.held++
      return
    }
    this.#repeats.delete(key)
    if (this.#repeats.size >= maxRepeatKeys) this.#repeats.delete(this.#repeats.keys().next().value ?? '')
    this.#repeats.set(key, { at: now, held: 0 })
    this.warn(message, repeat !== undefined && repeat.held > 0 ? { ...fields, repeated: repeat.held } : fields)
  }

  #line (level: LogLevel, message: string, fields: LogFields = {}): void {
    const { level: lowest, format, clock, write } = this.#options
    if (levels.indexOf(level) < levels.indexOf(lowest)) return
    const time = new Date(clock.now()).toISOString()
    const all = { ...this.#fields, ...fields }
    if (format === 'json') return write(JSON.stringify({ ...all, time, level, message }))
    const details = Object.entries(all).map(([name, value]) => ` ${name}=${printable(value)}`).join('')
    write(`${time.slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${visible(message)}${details}`)
  }
}

/** Quotes what has spaces or control characters, so that a peer cannot forge log lines. */
function printable (value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? String(value)
  return /^[\x21\x23-\x7e]+$/.test(text) ? text : visible(JSON.stringify(text))
}

/** Shows characters that would steer a terminal or turn the direction of text as `\u` escapes. */
function visible (text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
}
