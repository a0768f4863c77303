import { basename } from 'node:path'
import { discoverySubject } from '@akshi/testkit'
import srv from '../src/index.js'
import { NameServer } from './name-server.js'

/** One name server for all; each case has a domain of its own. */
export const server = await NameServer.start()

const domainOf = ({ folder }) => `${basename(folder).toLowerCase()}.test`
const serviceOf = (place) => `_akshi._tcp.${domainOf(place)}`
const targetOf = (place, did) => `${did.slice(-10).toLowerCase()}.${domainOf(place)}`

/** The discovery as the conformance cases see it. The test keeps the zone. */
export const subject = discoverySubject({
  exempt: {
    'cannot be found any more once it has stopped': 'who keeps the zone takes a node out of it'
  },
  open: (place) => ({ plugin: srv, config: { domain: domainOf(place), servers: [server.address], interval_secs: 0.05 } }),
  spread: async (place, did, addresses) => server.put(serviceOf(place), targetOf(place, did), did, addresses),
  disturb: async (place) => {
    const name = serviceOf(place)
    const targets = ['nobody', 'stranger', 'placeless', 'nowhere'].map((label) => `${label}.${domainOf(place)}`)
    server.add(...targets.map((target, index) => ({ name, type: 'SRV', data: { priority: 0, weight: 0, port: index === 3 ? 0 : 3210, target } })))
    server.add({ name: targets[1], type: 'TXT', data: ['did=did:key:nobody'] }, { name: targets[2], type: 'TXT', data: ['did=did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'] })
  }
})
