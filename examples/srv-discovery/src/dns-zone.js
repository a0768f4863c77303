import { Resolver } from 'node:dns/promises'
import { describeError, isDid } from '@akshi/core'

/** @import { Address, Did, Observation } from '@akshi/core' */
/** @import { SrvRecord } from 'node:dns' */

/** So many records are looked at; a zone that lists more lists them in vain. */
const maxRecords = 256

/**
 * The nodes that the DNS names under one name (RFC 2782): an SRV record for each place to dial, and at its target a TXT
 * record `did=did:key:...` that says who is there. None of it is proven.
 */
export class DnsZone {
  name
  #resolver = new Resolver({ timeout: 2_000, tries: 2 })

  /** @param {{ readonly name: string, readonly servers: readonly string[] }} options */
  constructor ({ name, servers }) {
    this.name = name
    if (servers.length > 0) this.#resolver.setServers(servers)
  }

  /**
   * Who is there now, and what of the zone makes no sense. Rejects with Node's error when the records cannot be had.
   *
   * @returns {Promise<{ readonly members: readonly { readonly did: Did, readonly addresses: readonly Address[] }[], readonly troubles: readonly string[] }>}
   */
  async look () {
    const records = (await this.#resolver.resolveSrv(this.name)).slice(0, maxRecords).sort((a, b) => a.priority - b.priority)
    const found = await Promise.all(records.map((record) => this.#find(record).catch((error) => `${record.name}: ${describeError(error)}`)))
    /** @type {Map<Did, Address[]>} */
    const members = new Map()
    for (const each of found) {
      if (typeof each !== 'string') members.set(each.did, [...members.get(each.did) ?? [], ...each.addresses])
    }
    return { members: [...members].map(([did, addresses]) => ({ did, addresses })), troubles: found.filter((each) => typeof each === 'string') }
  }

  /** Ends what is being looked up. */
  cancel () {
    this.#resolver.cancel()
  }

  /**
   * What `akshi doctor` says of it.
   *
   * @returns {Promise<readonly Observation[]>}
   */
  async check () {
    const fix = `dig SRV ${this.name}`
    try {
      const { members, troubles } = await this.look()
      return [{ level: 'ok', message: `${this.name} names ${members.length} nodes` }, ...troubles.map((message) => /** @type {const} */ ({ level: 'warning', message, fix }))]
    } catch (error) {
      return [{ level: 'failure', message: `${this.name} cannot be looked up: ${describeError(error)}`, fix }]
    }
  }

  /** @param {SrvRecord} record */
  async #find ({ name, port }) {
    if (port === 0) throw new TypeError('port 0 is none')
    const did = await this.#didOf(name)
    const [v4, v6] = await Promise.allSettled([this.#resolver.resolve4(name), this.#resolver.resolve6(name)])
    const hosts = [v4, v6].flatMap((answer) => answer.status === 'fulfilled' ? answer.value : [])
    if (hosts.length === 0 && v4.status === 'rejected') throw v4.reason
    return { did, addresses: hosts.map((host) => ({ host, port })) }
  }

  /** @param {string} name */
  async #didOf (name) {
    const texts = (await this.#resolver.resolveTxt(name)).map((parts) => parts.join(''))
    const did = texts.find((text) => text.startsWith('did='))?.slice('did='.length) ?? ''
    if (!isDid(did)) throw new TypeError('it has no TXT record "did=did:key:..."')
    return did
  }
}
