import { Type } from '@akshi/core'

/** What only this plugin needs; port, address, token and rate limits are `[dashboard]` in runtime.toml. */
export const HttpConfig = Type.Object({
  request_timeout_secs: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: 'How long a request may take to arrive here, and a peer to answer one of ours.'
  }),
  connect_timeout_secs: Type.Integer({
    minimum: 1,
    maximum: 60,
    default: 5,
    description: 'How long a dial to one address of a peer may take, handshake included.'
  }),
  max_connections: Type.Integer({
    minimum: 8,
    maximum: 65535,
    default: 1024,
    description: 'How many connections the port keeps at once; more are closed unread.'
  })
}, { additionalProperties: false })
