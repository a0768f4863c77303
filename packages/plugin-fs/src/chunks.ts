const chunkSize = 16

/** Runs `run` over the items, some at a time so that a slow disk is kept busy, and resolves to the results in order. */
export async function inChunks<Item, Result> (items: readonly Item[], signal: AbortSignal, run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += chunkSize) {
    signal.throwIfAborted()
    results.push(...await Promise.all(items.slice(start, start + chunkSize).map(run)))
  }
  return results
}
