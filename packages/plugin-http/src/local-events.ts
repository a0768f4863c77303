import type { ServerResponse } from 'node:http'
import type { Clock, MeshEvent, NodeControl } from '@akshi/core'

/** How often a listener is shown that the node is there although nothing happens. */
const signOfLifeMs = 10_000
/** How soon a page asks again when the connection is lost. */
const retryMs = 1_000

/**
 * Answers with what happens in the node, as it happens, for as long as the caller listens: server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). `after` is the id of the last event that the caller got.
 */
export async function sendEvents (response: ServerResponse, control: Pick<NodeControl, 'events'>, after: string | undefined, clock: Clock): Promise<void> {
  const stop = new AbortController()
  response.once('close', () => stop.abort())
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(`retry: ${retryMs}\n\n`)
  const endSigns = showLife(response, clock)
  try {
    for await (const event of control.events({ ...after !== undefined && { after }, signal: stop.signal })) {
      if (!response.write(textOf(event))) await drained(response)
    }
    response.end()
  } finally {
    endSigns()
  }
}

function textOf ({ id, type, ...rest }: MeshEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(rest)}\n\n`
}

/** Resolves when there is room again, or nobody listens any more. */
function drained (response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

function showLife (response: ServerResponse, clock: Clock): () => void {
  let timer = clock.timer(signOfLifeMs, sign)
  function sign () {
    response.write(':\n\n')
    timer = clock.timer(signOfLifeMs, sign)
  }
  return () => timer.cancel()
}
