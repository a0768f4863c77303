/**
 * Every code that core and the first-party plugins throw or report. Codes are stable and listed in docs/errors.md;
 * messages may change freely. Third-party plugins use a prefix of their own.
 */
export const meshErrorCodes = [
  'MESH_CONFIG_INVALID',
  'MESH_CONFIG_NOT_FOUND',
  'MESH_DID_INVALID',
  'MESH_DISK_FAILED',
  'MESH_ENTRY_INVALID',
  'MESH_ENTRY_TOO_LARGE',
  'MESH_ENVELOPE_INVALID',
  'MESH_FEED_FORKED',
  'MESH_FORMAT_NEWER',
  'MESH_HOME_LOCKED',
  'MESH_HOOK_FAILED',
  'MESH_HOOKS_SEALED',
  'MESH_JOURNAL_DAMAGED',
  'MESH_JOURNAL_NAME_INVALID',
  'MESH_KEY_EXPOSED',
  'MESH_KEY_INVALID',
  'MESH_KEY_MISSING',
  'MESH_KEY_UNREADABLE',
  'MESH_NOT_RUNNING',
  'MESH_NOT_TRUSTED',
  'MESH_PEER_AMBIGUOUS',
  'MESH_PEER_MISMATCH',
  'MESH_PEER_UNKNOWN',
  'MESH_PEER_UNREACHABLE',
  'MESH_PLUGIN_BLOCKED',
  'MESH_PLUGIN_FAILED',
  'MESH_PLUGIN_INVALID',
  'MESH_PLUGIN_NOT_FOUND',
  'MESH_PLUGIN_START_FAILED',
  'MESH_PLUGIN_STOP_FAILED',
  'MESH_PORT_IN_USE',
  'MESH_RATE_LIMITED',
  'MESH_REQUEST_INVALID',
  'MESH_SEND_FAILED',
  'MESH_TIMEOUT',
  'MESH_TOKEN_INVALID',
  'MESH_TRANSPORT_NONE',
  'MESH_WRITE_VETOED'
] as const

export type MeshErrorCode = typeof meshErrorCodes[number]

/**
 * The one error class of the mesh. Match on `code`, never on the message. The message names what is involved and gives
 * the next step; `cause` holds what was caught.
 */
export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly code: string

  constructor (code: MeshErrorCode | `${string}_${string}`, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * True when `error` is a `MeshError`, and one with this code if a code is given. Also for those of another copy of this
 * package, as a plugin may bring one.
 */
export function isMeshError (error: unknown, code?: MeshErrorCode): error is MeshError {
  return error instanceof Error && error.name === 'MeshError' && 'code' in error && (code === undefined || error.code === code)
}

/** The text an operator should read for anything that was thrown: the message, and the cause's where it adds something. */
export function describeError (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = !isMeshError(error) && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = error.message === '' ? code || error.name : error.message
  const cause = error.cause === undefined ? '' : describeError(error.cause)
  return cause === '' || text.includes(cause) ? text : `${text}: ${cause}`
}
