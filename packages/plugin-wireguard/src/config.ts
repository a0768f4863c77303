import { Type } from '@akshi/core'

/** What only this plugin needs; peers and their keys are `[[mesh.peers]]` in runtime.toml. */
export const WireguardConfig = Type.Object({
  interface: Type.String({
    default: 'akshi0',
    minLength: 1,
    maxLength: 15,
    description: 'Name of the network interface that the node makes; two nodes on one machine need two'
  }),
  listen_port: Type.Integer({
    minimum: 1,
    maximum: 65_535,
    default: 51_820,
    description: 'UDP port of the tunnels, the same after every restart'
  }),
  mtu: Type.Integer({
    minimum: 1_280,
    maximum: 9_000,
    default: 1_420,
    description: 'Largest packet inside a tunnel, in bytes'
  }),
  keepalive_secs: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 25,
    description: 'How often an idle tunnel sends a packet, so that NATs on the way keep it open; 0 = never'
  })
}, { additionalProperties: false })
