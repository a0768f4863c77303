import { createRequire } from 'node:module'
import { root } from './packages.ts'

/** What `changeset version` would do. */
export interface ReleasePlan {
  readonly changesets: readonly { readonly id: string, readonly summary: string, readonly releases: readonly Release[] }[]
  readonly releases: readonly (Release & { readonly newVersion: string })[]
}
export interface Release {
  readonly name: string
  readonly type: 'major' | 'minor' | 'patch' | 'none'
}

/** Read by the tool itself: it rejects when .changeset/config.json, or a changeset, names a package that there is not. Only its command is installed by name. */
export async function readReleasePlan (folder = root): Promise<ReleasePlan> {
  const command = createRequire(import.meta.url).resolve('@changesets/cli/package.json')
  const { default: getReleasePlan } = createRequire(command)('@changesets/get-release-plan') as { readonly default: (folder: string) => Promise<ReleasePlan> }
  return await getReleasePlan(folder)
}
