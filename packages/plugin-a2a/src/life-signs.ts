import type { ServerResponse } from 'node:http'
import type { Clock } from '@akshi/core'

const everyMs = 10_000

/** Writes a comment now and then into a stream of server-sent events, so that nobody between takes its silence for its end. Ends with the response. */
export function showLife (response: ServerResponse, clock: Clock): void {
  let timer = clock.timer(everyMs, sign)
  function sign () {
    const type = response.getHeader('content-type')
    if (response.headersSent && typeof type === 'string' && type.startsWith('text/event-stream')) response.write(':\n\n')
    timer = clock.timer(everyMs, sign)
  }
  response.once('close', () => timer.cancel())
}
