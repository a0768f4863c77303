import { MeshError } from './errors.ts'

const pattern = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** True for a journal (and agent) name: 1 to 64 of a-z, 0-9, dot, hyphen and underscore, not starting with a sign. */
export function isJournalName (name: string): boolean {
  return pattern.test(name)
}

/** Throws `MESH_JOURNAL_NAME_INVALID` unless `isJournalName`. */
export function checkJournalName (name: string): void {
  if (isJournalName(name)) return
  throw new MeshError('MESH_JOURNAL_NAME_INVALID', `"${name.slice(0, 80)}" cannot name a journal: use 1 to 64 of a-z, 0-9, dot, hyphen and underscore, starting with a letter or digit.`)
}
