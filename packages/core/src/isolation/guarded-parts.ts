import type { Address, SignedAnnouncement } from '../announcement.ts'
import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import { MeshError } from '../errors.ts'
import type { PluginParts } from '../plugin.ts'
import type { Prober } from '../transport.ts'
import { fields } from './answer-checks.ts'
import { isThenable, type Bulkhead } from './bulkhead.ts'
import { GuardedDiscovery } from './guarded-discovery.ts'
import { GuardedTransport } from './guarded-transport.ts'

const methods: Readonly<Record<keyof PluginParts, readonly string[]>> = {
  transport: ['start', 'connect', 'stop'],
  discovery: ['start', 'announce', 'stop'],
  service: ['start', 'stop'],
  prober: ['prove']
}

/**
 * What a plugin's `setup` gave, each part behind the plugin's bulkhead.
 *
 * @throws TypeError naming what is no such part.
 */
export function guardParts (given: unknown, bulkhead: Bulkhead, clock: Clock): PluginParts {
  const { transport, discovery, service, prober } = checkParts(given)
  return {
    ...transport !== undefined && { transport: new GuardedTransport(transport, bulkhead, clock) },
    ...discovery !== undefined && { discovery: new GuardedDiscovery(discovery, bulkhead, clock) },
    ...service !== undefined && { service },
    ...prober !== undefined && { prober: { prove: (did, address, signal) => prove(prober, bulkhead, did, address, signal) } }
  }
}

function checkParts (given: unknown): PluginParts {
  if (isThenable(given)) throw new TypeError('setup gave a promise; it must give the parts at once, and open things in their start')
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw new TypeError(`setup gave a ${typeof given}, not the parts { transport, discovery, service, prober }`)
  for (const [name, part] of Object.entries(given ?? {})) {
    const missing = (methods[name as keyof PluginParts] ?? unknownPart(name)).filter((method) => part !== undefined && typeof fields(part)[method] !== 'function')
    if (missing.length > 0) throw new TypeError(`its ${name} has no ${missing.join(' and no ')}`)
  }
  const reach = fields((given as PluginParts | undefined)?.transport).reach
  if (reach !== undefined && reach !== 'peer' && reach !== 'shared') throw new TypeError('the reach of its transport is neither "peer" nor "shared"')
  return (given ?? {}) as PluginParts
}

function unknownPart (name: string): never {
  throw new TypeError(`setup gave "${name}", which is none of transport, discovery, service and prober`)
}

async function prove (prober: Prober, bulkhead: Bulkhead, did: Did, address: Address, signal: AbortSignal): Promise<SignedAnnouncement> {
  const signed = await bulkhead.run('prober.prove', () => prober.prove(did, address, signal))
  const { announcement, bytes } = fields(signed)
  if (fields(announcement).did === did && bytes instanceof Uint8Array) return signed
  const problem = 'what it gave is no announcement of the node that was asked for'
  bulkhead.refuse('prober.prove', problem)
  throw new MeshError('MESH_SEND_FAILED', `${bulkhead.title} breaks its contract in prober.prove: ${problem}.`)
}
