import { isMeshError, MeshError, type MeshErrorCode } from '@akshi/core'

/** A request that is answered with an error: the status, and the code and message for the body. */
export class RequestError extends MeshError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor (status: number, code: MeshErrorCode, message: string, headers: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(code, message, options)
    this.status = status
    this.headers = headers
  }
}

const statuses: Readonly<Partial<Record<MeshErrorCode, number>>> = {
  MESH_DID_INVALID: 400,
  MESH_ENTRY_INVALID: 400,
  MESH_ENVELOPE_INVALID: 400,
  MESH_JOURNAL_NAME_INVALID: 400,
  MESH_REQUEST_INVALID: 400,
  MESH_TOKEN_INVALID: 401,
  MESH_NOT_TRUSTED: 403,
  MESH_PEER_UNKNOWN: 404,
  MESH_PEER_AMBIGUOUS: 409,
  MESH_ENTRY_TOO_LARGE: 413,
  MESH_WRITE_VETOED: 422,
  MESH_DISK_FAILED: 503,
  MESH_HOOK_FAILED: 503,
  MESH_NOT_RUNNING: 503,
  MESH_TIMEOUT: 503
}

/** The HTTP status for what a handler threw; 500 for what nobody foresaw. */
export function statusOf (error: unknown): number {
  if (error instanceof RequestError) return error.status
  return isMeshError(error) ? statuses[error.code as MeshErrorCode] ?? 500 : 500
}

/** A request that cannot be understood. */
export function badRequest (message: string, cause?: unknown): RequestError {
  return new RequestError(400, 'MESH_REQUEST_INVALID', message, {}, { cause })
}

/** A method that the route does not have. */
export function refuseMethod (method: string | undefined, allow: string): RequestError {
  return new RequestError(405, 'MESH_REQUEST_INVALID', `${method} means nothing here; use ${allow}.`, { allow })
}
