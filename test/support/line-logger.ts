import { createLogger, type Logger, type LogLevel } from '@akshi/core'
import { VirtualClock } from '@akshi/testkit'

/** A logger that keeps `LEVEL message` of each line. */
export function lineLogger (level: LogLevel = 'info'): { readonly logger: Logger, readonly lines: string[] } {
  const lines: string[] = []
  const write = (line: string) => {
    const { level, message } = JSON.parse(line) as { level: string, message: string }
    lines.push(`${level} ${message}`)
  }
  return { lines, logger: createLogger({ level, format: 'json', clock: new VirtualClock(), write }) }
}
