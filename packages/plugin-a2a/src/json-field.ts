/** A member of an object; of anything else `undefined`, as of one that is null. */
export function fieldOf (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] ?? undefined : undefined
}
