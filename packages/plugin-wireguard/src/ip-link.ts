import { MeshError } from '@akshi/core'
import type { Commands } from './commands.ts'
import type { WgSettings } from './wg-device.ts'

interface LinkEntry { readonly ifname: string, readonly ifalias?: string }

/** The part of an interface that is not WireGuard's: its name, owner, address and routes, by the `ip` tool. */
export class IpLink {
  readonly #commands: Commands

  constructor (commands: Commands) {
    this.#commands = commands
  }

  /**
   * Removes what an earlier life of the owner left under this name. Resolves to whether there was something.
   *
   * @throws MeshError `MESH_CONFIG_INVALID` when the interface is somebody else's.
   */
  async removeStale ({ name, owner }: WgSettings): Promise<boolean> {
    const link = await this.#find(name)
    if (link === undefined) return false
    if (link.ifalias !== owner) throw foreignInterface(name, link.ifalias)
    await this.remove(name)
    return true
  }

  /** Makes one of the kernel's. Its owner is noted in the same breath: the kernel takes no alias for what is not there yet. */
  async addKernel ({ name, owner }: WgSettings): Promise<void> {
    await this.#batch([`link add dev ${name} type wireguard`, `link set dev ${name} alias "${owner}"`])
  }

  /** Notes whose an interface is that another program has just made. */
  async claim ({ name, owner }: WgSettings): Promise<void> {
    await this.#ip('link', 'set', 'dev', name, 'alias', owner)
  }

  /** Gives it its address and switches it on. */
  async up ({ name, address, mtu }: WgSettings): Promise<void> {
    await this.#batch([`address add ${address}/128 dev ${name} nodad`, `link set dev ${name} mtu ${mtu} up`])
  }

  async addRoutes (name: string, addresses: readonly string[]): Promise<void> {
    if (addresses.length > 0) await this.#batch(addresses.map((address) => `route replace ${address}/128 dev ${name}`))
  }

  /** Also when the route or the interface has gone before. */
  async removeRoute (name: string, address: string): Promise<void> {
    await this.#ip('-6', 'route', 'del', `${address}/128`, 'dev', name).catch(async (error: unknown) => {
      if ((await this.#ip('-6', 'route', 'show', `${address}/128`, 'dev', name).catch(() => '')) !== '') throw error
    })
  }

  /** Also when it has gone before. */
  async remove (name: string): Promise<void> {
    await this.#ip('link', 'del', 'dev', name).catch(async (error: unknown) => {
      if (await this.#find(name) !== undefined) throw error
    })
  }

  async #find (name: string): Promise<LinkEntry | undefined> {
    const links = JSON.parse(await this.#ip('-j', 'link', 'show')) as readonly LinkEntry[]
    return links.find(({ ifname }) => ifname === name)
  }

  #batch (lines: readonly string[]): Promise<string> {
    return this.#commands.run('ip', ['-batch', '-'], lines.join('\n') + '\n')
  }

  #ip (...args: string[]): Promise<string> {
    return this.#commands.run('ip', args)
  }
}

function foreignInterface (name: string, alias: string | undefined): MeshError {
  const whose = alias === undefined ? 'was not made by this node' : `belongs to "${alias}"`
  return new MeshError('MESH_CONFIG_INVALID', `The interface ${name} is there already and ${whose}. Set "interface" of plugin-wireguard to a name of its own; if nobody needs that one: ip link del ${name}`)
}
