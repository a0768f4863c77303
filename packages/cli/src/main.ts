import { styleText } from 'node:util'
import { describeError, isMeshError, MeshError } from '@akshi/core'
import { CommanderError } from 'commander'
import { EndedWith, errorCodeOf, exitCodeOf } from './exit-codes.ts'
import { guide } from './guide.ts'
import { processIo, type Io } from './io.ts'
import { createProgram } from './program.ts'
import { printable, wantsColour } from './terminal.ts'

/**
 * Runs one command line (without node and script). Resolves to the exit code once everything is done and closed; never
 * rejects, and never ends the process itself.
 */
export async function main (argv: readonly string[], io: Io = processIo()): Promise<number> {
  if (argv.length === 0) {
    io.stdout.write(guide)
    return 0
  }
  try {
    await createProgram(io).parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof EndedWith) return error.exitCode
    if (error instanceof CommanderError && shownAlready(error)) return error.code === 'commander.help' ? 2 : 0
    return report(error instanceof CommanderError ? usageError(error) : error, argv, io)
  }
}

/** Commander prints help and version itself; `commander.help` is the help shown because a subcommand was missing. */
function shownAlready ({ code }: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code)
}

function usageError (error: CommanderError): MeshError {
  const message = error.message.replace(/^error: /, '').replace('\n', ' ').replace(/\.$/, '')
  return new MeshError('MESH_REQUEST_INVALID', `${message}. See: akshi --help`, { cause: error })
}

function report (error: unknown, argv: readonly string[], io: Io): number {
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length)
  const code = errorCodeOf(error)
  const detail = describeFailure(error)
  if (flags.includes('--json')) {
    io.stderr.write(JSON.stringify({ error: code, detail }) + '\n')
  } else {
    const colour = wantsColour(io.stderr, io.env, !flags.includes('--no-color'))
    const text = detail.split('\n').map(printable).join('\n')
    io.stderr.write(`${colour ? styleText('red', 'akshi:') : 'akshi:'} ${text} (${code})\n`)
  }
  return exitCodeOf(error)
}

/** A `MeshError` says all there is to say; a stop that failed in several places is shown with each. */
function describeFailure (error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describeFailure).join('\n')
  return isMeshError(error) ? error.message : describeError(error)
}
