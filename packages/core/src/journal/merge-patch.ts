/** Changes a draft in place by a JSON merge patch (RFC 7396): members replace, objects merge, `null` removes. */
export function mergePatch (draft: Record<string, unknown>, patch: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete draft[key]
    else if (!isObject(value)) draft[key] = value
    else {
      if (!isObject(draft[key])) draft[key] = {}
      mergePatch(draft[key] as Record<string, unknown>, value)
    }
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
