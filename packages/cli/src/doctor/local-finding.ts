import { describeError, isMeshError, type Finding, type FindingLevel, type MeshErrorCode } from '@akshi/core'

/** What the command sees by itself. `code` says which error a starting node would end with. */
export interface LocalFinding extends Finding {
  readonly code?: MeshErrorCode
}

/** A failure for whatever was thrown. A next step that ends its message is the fix, unless there is a better one. */
export function failed (topic: string, error: unknown, fix?: string): LocalFinding {
  const text = isMeshError(error) ? error.message : describeError(error)
  const [, cause, command] = /^(.*?)[.,]? (?:Run|To install it): (.+)$/s.exec(text) ?? [undefined, text, undefined]
  const mended = fix ?? command
  return {
    level: 'failure',
    topic,
    message: cause ?? text,
    ...mended !== undefined && { fix: mended },
    ...isMeshError(error) && { code: error.code as MeshErrorCode }
  }
}

/** A finding with no more than its words. */
export function found (level: FindingLevel, topic: string, message: string, fix?: string): LocalFinding {
  return { level, topic, message, ...fix !== undefined && { fix } }
}
