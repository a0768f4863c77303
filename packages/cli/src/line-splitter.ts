import { StringDecoder } from 'node:string_decoder'
import { MeshError } from '@akshi/core'

/** Far above what an entry may hold: only there so that input without line ends cannot fill the memory. */
const maxLineLength = 4 * 1024 * 1024

/** Cuts a stream of UTF-8 bytes into lines, without their line ends (`\n` or `\r\n`). */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  /**
   * The lines that `chunk` completes.
   *
   * @throws MeshError `MESH_ENTRY_TOO_LARGE` for a line that does not end.
   */
  push (chunk: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > maxLineLength) {
      throw new MeshError('MESH_ENTRY_TOO_LARGE', 'A line of the input has more than 4 MiB. Each line becomes one entry: is this a text?')
    }
    return lines.map(withoutReturn)
  }

  /** What is left after the last line end, if anything; the splitter is empty then. */
  end (): string[] {
    const rest = this.#rest + this.#decoder.end()
    this.#rest = ''
    return rest === '' ? [] : [withoutReturn(rest)]
  }
}

/** The lines of a stream, as many at a time as have come in: few when it is slow, many when it is fast. */
export async function * readLines (stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<readonly string[]> {
  const splitter = new LineSplitter()
  for await (const chunk of stream) yield splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  yield splitter.end()
}

function withoutReturn (line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
