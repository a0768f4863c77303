import { InvalidArgumentError } from 'commander'

/** A port number from the command line; 0 means any free one. */
export function parsePort (text: string): number {
  const port = parseCount(text)
  if (port > 65_535) throw new InvalidArgumentError('Give a port number, 0 (any free one) to 65535.')
  return port
}

/** A whole number from the command line. */
export function parseCount (text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

/** Seconds from the command line; fractions are allowed. */
export function parseSeconds (text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Give a number of seconds.')
  return Number(text)
}
