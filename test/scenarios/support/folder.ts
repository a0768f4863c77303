import { readdir } from 'node:fs/promises'

/** How many envelopes lie in a shared folder. */
export async function countEnvelopes (dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true }).catch(() => [])
  return names.filter((name) => name.endsWith('.env')).length
}
