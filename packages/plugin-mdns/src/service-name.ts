import type { Did } from '@akshi/core'

const maxLabelBytes = 63

/**
 * What this node is called on the local network: an instance name for people, and a host name. Another responder may
 * have the first one that is tried; the next ones have the end of the DID in them.
 */
export class ServiceName {
  readonly #name: string
  readonly #did: Did
  #turn = 1

  constructor (name: string, did: Did) {
    this.#name = name
    this.#did = did
  }

  /** How many names were tried. */
  get turn (): number { return this.#turn }

  /** The instance name: one DNS label of at most 63 bytes (RFC 6763 section 4.1.1). */
  get label (): string {
    const unique = this.#did.slice(-8)
    const suffix = this.#turn === 1 ? '' : this.#turn === 2 ? ` (${unique})` : ` (${unique}-${this.#turn})`
    return `${shorten(readable(this.#name), maxLabelBytes - suffix.length)}${suffix}`
  }

  /** The host name: one label of letters, digits and hyphens, unlike that of the machine, which others may speak for. */
  get host (): string {
    const suffix = `-${this.#did.slice(-8)}${this.#turn === 1 ? '' : `-${this.#turn}`}`
    const plain = this.#name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, maxLabelBytes - suffix.length).replace(/^-+|-+$/g, '')
    return `${plain === '' ? 'node' : plain}${suffix}.local`
  }

  /** Takes the next name. */
  rename (): void {
    this.#turn++
  }
}

/** Without what would steer a terminal, and without dots: this plugin's codec takes them for the end of a label. */
function readable (name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}.]+/gu, '-').replace(/\s+/g, ' ').trim()
  return /[^-]/.test(plain) ? plain : 'node'
}

/** As many of its first characters as fit into so many bytes. */
export function shorten (text: string, maxBytes: number): string {
  let short = ''
  for (const character of text) {
    if (Buffer.byteLength(short + character) > maxBytes) break
    short += character
  }
  return short.trim()
}
