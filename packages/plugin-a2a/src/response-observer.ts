import type { ServerResponse } from 'node:http'
import type { AnswerReader } from './answer-reader.ts'

/** Lets the reader see what is written to a response, and calls `end` when nothing more comes. */
export function observe (response: ServerResponse, reader: AnswerReader, end: () => void): void {
  const write = response.write.bind(response) as (...args: unknown[]) => boolean
  const finish = response.end.bind(response) as (...args: unknown[]) => ServerResponse
  const see = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) reader.add(chunk, String(response.getHeader('content-type') ?? ''))
  }
  response.write = ((...args: unknown[]) => {
    see(args[0])
    return write(...args)
  }) as typeof response.write
  response.end = ((...args: unknown[]) => {
    see(args[0])
    return finish(...args)
  }) as typeof response.end
  response.once('close', () => {
    reader.end()
    end()
  })
}
