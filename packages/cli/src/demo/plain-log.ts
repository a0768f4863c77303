import { counted, printable, shortHeads } from '../terminal.ts'
import { sameHeads, type NodeSight } from './sight.ts'

/** The demo where there is no terminal: a line for each change that matters, and none for each entry. */
export class PlainLog {
  readonly #write: (line: string) => void
  readonly #said = new Map<string, string>()

  constructor (write: (line: string) => void) {
    this.#write = write
  }

  show (sights: readonly NodeSight[]): void {
    for (const sight of sights) this.#showNode(sight)
    const entries = Math.max(...sights.map((sight) => sight.entries))
    // Entries come all the time; what is news is the first convergence and each hundred after it.
    if (sameHeads(sights)) {
      this.#say('mesh', `converged #${Math.floor(entries / 100)}`, `mesh: converged, ${counted(entries, 'entry', 'entries')}, heads ${shortHeads(sights[0]?.heads ?? [])}`)
    }
  }

  #showNode ({ name, url, peers, transport, reason, end }: NodeSight): void {
    if (end !== undefined) {
      return this.#say(name, 'ended', [`${name}: ended (${end.how})`, ...end.log.map((line) => `  ${printable(line)}`)].join('\n'))
    }
    if (url === '') return
    this.#say(`${name} url`, url, `${name}: ${url}`)
    this.#say(`${name} peers`, peers.join(' '), `${name}: peers: ${peers.join(' ') || 'none'}`)
    this.#say(`${name} transport`, transport.join(), `${name}: transport: ${transport.join(' + ') || 'none'}, ${printable(reason)}`)
  }

  /** Writes `line` when `state` is not what it was for this topic. */
  #say (topic: string, state: string, line: string): void {
    if (this.#said.get(topic) === state) return
    this.#said.set(topic, state)
    this.#write(line)
  }
}
