/** What Node calls sockets, servers, pipes, processes and watches that keep a process alive. */
const handle = /Wrap$|^FSEvent|^FSReq|^ChildProcess|^Worker|^MessagePort/

/** Counts of the handles that keep this process alive, by kind, as of now. */
export class OpenHandles {
  readonly #before = countHandles()

  /** What is open now and was not then. */
  get more (): readonly string[] {
    const now = countHandles()
    return [...now].map(([kind, count]) => [kind, count - (this.#before.get(kind) ?? 0)] as const)
      .filter(([, extra]) => extra > 0).map(([kind, extra]) => `${extra} ${kind}`)
  }
}

function countHandles (): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) if (handle.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
