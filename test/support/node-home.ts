import { ensureIdentity, ensureToken, homePaths, type Did } from '@akshi/core'

/** Makes a node's key and token as `akshi init` does; runtime.toml is the test's. Resolves to its DID. */
export async function makeNodeHome (home: string): Promise<Did> {
  const { key, token } = homePaths(home)
  const { identity: { did } } = await ensureIdentity(key)
  await ensureToken(token)
  return did
}
