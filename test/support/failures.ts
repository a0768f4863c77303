import { isMeshError } from '@akshi/core'

/** What a call throws, or its promise rejects with; `undefined` when it does neither. */
export async function failureOf (call: () => unknown): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error
  }
}

/** The code of the `MeshError` that a call fails with; any other failure is passed on. */
export async function codeOf (call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    if (isMeshError(error)) return error.code
    throw error
  }
}
