import { Type } from '@akshi/core'

/** The plugin's part of runtime.toml. */
export const MdnsConfig = Type.Object({
  interfaces: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'Interface names or IPv4 addresses to use; empty: all that multicast reaches others on, but loopback, point-to-point and container interfaces'
  }),
  port: Type.Integer({
    default: 5353,
    minimum: 1,
    maximum: 65535,
    description: 'UDP port of the multicast group; nodes with another port form a group of their own'
  }),
  interval_secs: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3600,
    description: 'Longest time between two questions for nodes; it starts at one second and doubles'
  })
}, { additionalProperties: false })
