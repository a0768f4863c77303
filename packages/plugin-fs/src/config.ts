import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Type } from '@akshi/core'

/** The schema of `[plugins.config]` of plugin-fs. */
export const FsConfig = Type.Object({
  dir: Type.String({
    default: 'shared',
    minLength: 1,
    description: 'The folder that the nodes share. A relative path starts at the home of the node; `~/` is the home of the user.'
  }),
  poll_interval_secs: Type.Number({
    default: 1,
    minimum: 0.05,
    maximum: 3600,
    description: 'How often the folder is looked at. Where the system reports changes they are seen sooner.'
  }),
  file_mode: Type.String({
    default: '0600',
    pattern: '^0?6[046][046]$',
    description: 'Permissions of new files; new folders get the same with `x` wherever there is `r`. `0660` shares with a group.'
  })
}, { additionalProperties: false })

/** `dir` of the configuration as an absolute path. */
export function resolveDir (dir: string, home: string): string {
  return resolve(home, dir === '~' || dir.startsWith('~/') ? join(homedir(), dir.slice(1)) : dir)
}

/** `file_mode` of the configuration as a number. */
export function parseFileMode (text: string): number {
  return parseInt(text, 8)
}
