import { Type } from '@akshi/core'

/** The schema of `[plugins.config]`. */
export const SrvConfig = Type.Object({
  domain: Type.String({
    minLength: 1,
    description: 'The domain whose SRV records name the nodes: `mesh.example.org`.'
  }),
  service: Type.String({
    default: '_akshi._tcp',
    pattern: '^_[a-z0-9-]+\\._(tcp|udp)$',
    description: 'What stands before the domain: one service name for each mesh.'
  }),
  servers: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'Name servers to ask, as `192.0.2.53` or `192.0.2.53:5353`; none means those of the system.'
  }),
  interval_secs: Type.Number({
    default: 30,
    minimum: 0.05,
    description: 'How often they are asked.'
  })
}, { additionalProperties: false })
