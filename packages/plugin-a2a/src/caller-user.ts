import type { User } from '@a2a-js/sdk/server'
import type { Did } from '@akshi/core'

/** A caller as the SDK sees it. */
export function userOf (did: Did): User {
  return { isAuthenticated: true, userName: did }
}
