import { isMeshError, type MeshErrorCode } from '@akshi/core'

/** Every exit code of the command and what it tells a script. README.md and `akshi --help` show this table. */
export const exitCodes = {
  0: 'done',
  1: 'unexpected error, or a failure that the node reports to akshi doctor',
  2: 'usage: the command line or a request makes no sense',
  3: 'configuration: runtime.toml or the environment is wrong',
  4: 'no node is running, or it cannot be reached',
  5: 'timed out, or not converged',
  6: 'a plugin failed',
  7: 'the key, the token, the home folder or the disk is not usable',
  8: 'the port is in use',
  9: 'refused: peer unknown, ambiguous or not trusted, entry not acceptable'
} as const

export type ExitCode = keyof typeof exitCodes

/** The exit code of each error code. A code that is missing here does not compile. */
const codeOf: Readonly<Record<MeshErrorCode, ExitCode>> = {
  MESH_CONFIG_INVALID: 3,
  MESH_CONFIG_NOT_FOUND: 3,
  MESH_DID_INVALID: 9,
  MESH_DISK_FAILED: 7,
  MESH_ENTRY_INVALID: 9,
  MESH_ENTRY_TOO_LARGE: 9,
  MESH_ENVELOPE_INVALID: 9,
  MESH_FEED_FORKED: 1,
  MESH_FORMAT_NEWER: 7,
  MESH_HOME_LOCKED: 7,
  MESH_HOOK_FAILED: 6,
  MESH_HOOKS_SEALED: 6,
  MESH_JOURNAL_DAMAGED: 7,
  MESH_JOURNAL_NAME_INVALID: 9,
  MESH_KEY_EXPOSED: 7,
  MESH_KEY_INVALID: 7,
  MESH_KEY_MISSING: 7,
  MESH_KEY_UNREADABLE: 7,
  MESH_NOT_RUNNING: 4,
  MESH_NOT_TRUSTED: 9,
  MESH_PEER_AMBIGUOUS: 9,
  MESH_PEER_MISMATCH: 9,
  MESH_PEER_UNKNOWN: 9,
  MESH_PEER_UNREACHABLE: 4,
  MESH_PLUGIN_BLOCKED: 6,
  MESH_PLUGIN_FAILED: 6,
  MESH_PLUGIN_INVALID: 6,
  MESH_PLUGIN_NOT_FOUND: 6,
  MESH_PLUGIN_START_FAILED: 6,
  MESH_PLUGIN_STOP_FAILED: 6,
  MESH_PORT_IN_USE: 8,
  MESH_RATE_LIMITED: 9,
  MESH_REQUEST_INVALID: 2,
  MESH_SEND_FAILED: 1,
  MESH_TIMEOUT: 5,
  MESH_TOKEN_INVALID: 7,
  MESH_TRANSPORT_NONE: 1,
  MESH_WRITE_VETOED: 9
}

/** Thrown by a command that has shown its result, when that calls for another exit code than 0. Nothing more is shown. */
export class EndedWith extends Error {
  readonly exitCode: ExitCode

  constructor (exitCode: ExitCode) {
    super(exitCodes[exitCode])
    this.exitCode = exitCode
  }
}

/** The exit code for anything that was thrown. A plugin that could not start because of its port counts as the port. */
export function exitCodeOf (error: unknown): ExitCode {
  return codeOf[errorCodeOf(error) as MeshErrorCode] ?? 1
}

/** The exit code for a failure that `akshi doctor` shows: as a starting node would end with; 1 for what a running one reports. */
export function exitCodeFor (code: MeshErrorCode | undefined): ExitCode {
  return code === undefined ? 1 : codeOf[code] ?? 1
}

/** The error code to show for anything that was thrown; `UNEXPECTED` for what is no `MeshError`. Of several the first counts. */
export function errorCodeOf (error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCodeOf(error.errors[0])
  if (!isMeshError(error)) return 'UNEXPECTED'
  const portTaken = error.code === 'MESH_PLUGIN_START_FAILED' && isMeshError(error.cause, 'MESH_PORT_IN_USE')
  return portTaken ? 'MESH_PORT_IN_USE' : error.code
}
