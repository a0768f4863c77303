import { Type } from '@akshi/core'

/** The schema of `[plugins.config]`. */
export const RedisConfig = Type.Object({
  url: Type.String({
    default: 'redis://127.0.0.1:6379',
    pattern: '^rediss?://',
    writeOnly: true,
    description: 'The Redis that the nodes share: `redis://user:password@host:port/database`, or `rediss:` for TLS.'
  }),
  prefix: Type.String({
    default: 'akshi',
    minLength: 1,
    description: 'What the keys begin with; the same on every node. Several meshes may share one.'
  })
}, { additionalProperties: false })
