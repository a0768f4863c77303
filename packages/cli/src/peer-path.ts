import type { PeerPath } from '@akshi/core'
import { printable } from './terminal.ts'

/** A path in a word or two, for a table: `tunnel`, `via gamma`, `folder`. */
export function pathInShort (path: PeerPath | undefined): string {
  if (path === undefined || path.kind === 'none') return '-'
  return path.kind === 'via' ? `via ${throughOf(path)}` : path.kind
}

/** A path on one line, with the reason: `via gamma: both NATs are symmetric`. */
export function describePath (path: PeerPath): string {
  const { kind, at, reason } = path
  const what = { via: `via ${throughOf(path)}`, folder: `the shared folder (${throughOf(path)})`, none: 'nothing' } as Partial<Record<PeerPath['kind'], string>>
  return `${what[kind] ?? kind}${at === undefined ? '' : ` at ${at}`}${reason === undefined ? '' : `: ${printable(reason)}`}`
}

function throughOf ({ through = [] }: PeerPath): string {
  return through.map(printable).join(', ')
}
