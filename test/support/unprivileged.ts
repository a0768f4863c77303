import { execFileSync } from 'node:child_process'

const nobody = 65_534

/**
 * Runs a task as a user whom file modes bind. Root is not, so it becomes nobody meanwhile, and owner of `folder`.
 * Everything else in the process runs as that user too until the task has ended.
 */
export async function unprivileged<Result> (folder: string, task: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return await task()
  execFileSync('chown', ['-R', String(nobody), folder])
  process.seteuid?.(nobody)
  try {
    return await task()
  } finally {
    process.seteuid?.(0)
  }
}
