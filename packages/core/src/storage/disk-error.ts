import { describeError, isMeshError, MeshError } from '../errors.ts'

/** What an operator can do about it, by the system's error code. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space. Writing goes on as soon as there is room, and nothing that was acknowledged is lost.',
  EDQUOT: 'The quota of this user is used up: free some space or raise it. Nothing that was acknowledged is lost.',
  EROFS: 'The disk is mounted read-only: mount it writable. A system does that by itself after disk errors, so read its log first.',
  EACCES: 'This user may not: give the user that runs Akshi the right to read and write there.',
  EPERM: 'This user may not: give the user that runs Akshi the right to read and write there.',
  EIO: 'The disk itself failed: read the system\'s log, check the disk, and move the node\'s folder to a sound one. Peers send again what they have.',
  EMFILE: 'Too many files are open: raise the limit of this process (ulimit -n).',
  ENFILE: 'Too many files are open on this machine: close some programs or raise its limit.'
}
const otherwise = 'Check that the folder is there and whose it is. Nothing that was acknowledged is lost.'

/** `MESH_DISK_FAILED` for what could not be done ("write /a/b"), with the cause and the next step. A `MeshError` stays what it is. */
export function diskFailed (action: string, cause: unknown): MeshError {
  if (isMeshError(cause)) return cause
  return new MeshError('MESH_DISK_FAILED', `Cannot ${action}: ${describeError(cause)}. ${advice[systemCode(cause) ?? ''] ?? otherwise}`, { cause })
}

/** The code that the operating system gave for an error (`ENOENT`), if it comes from there. */
export function systemCode (error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
