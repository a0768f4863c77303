import { Type } from '@akshi/core'

/** The plugin's part of runtime.toml. */
export const DhtConfig = Type.Object({
  bootstrap: Type.Array(Type.String({ pattern: '^(/(ip4|ip6|dns|dns4|dns6)/[^/\\s]+/tcp/\\d{1,5}(/p2p/\\w+)?|(did:key:z6Mk\\w+@)?(\\[[^\\]\\s]+\\]|[^\\s:/@[\\]]+):\\d{1,5})$', expects: 'DID@host:port, host:port or /ip4/ADDRESS/tcp/PORT/p2p/ID' }), {
    default: [],
    description: 'Nodes to join through, any of the DHT will do: `DID@host:port`, `host:port` or a multiaddr. Empty and `serve = false`: the plugin is off'
  }),
  serve: Type.Boolean({
    default: false,
    description: 'Takes part without knowing another node: for the first one'
  }),
  bind: Type.String({
    default: '0.0.0.0',
    minLength: 1,
    description: 'IP address to listen on'
  }),
  listen_port: Type.Integer({
    default: 4211,
    minimum: 0,
    maximum: 65_535,
    description: 'TCP port of the DHT; 0 takes any free one'
  }),
  external_address: Type.String({
    default: '',
    pattern: '^(\\d+\\.\\d+\\.\\d+\\.\\d+:\\d{1,5}|\\[[0-9A-Fa-f:.]+\\]:\\d{1,5})?$',
    expects: 'ADDRESS:port, an IPv6 address in brackets',
    description: '`host:port`, an IP address, where a NAT forwards to this port; empty: the machine\'s own addresses'
  }),
  publish_private: Type.Boolean({
    default: false,
    description: 'Whether addresses of private networks are published, and dialled when others publish them: for a DHT inside one network'
  }),
  publish_addresses: Type.Array(Type.String({ minLength: 1 }), {
    default: ['*'],
    description: 'IP addresses of the mesh port to publish; `*` = all'
  }),
  publish_capabilities: Type.Array(Type.String({ minLength: 1 }), {
    default: ['*'],
    description: 'Capabilities to publish, with what belongs to them (`wireguard`: the public key); `*` = all'
  }),
  publish_agents: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'Agent names to publish; `*` = all'
  }),
  dial_ports: Type.Array(Type.String({ pattern: '^\\d{1,5}(-\\d{1,5})?$' }), {
    default: ['443', '1024-65535'],
    description: 'Ports at which addresses that others publish may be dialled'
  }),
  max_connections: Type.Integer({
    default: 100,
    minimum: 8,
    maximum: 10_000,
    description: 'Connections to other nodes of the DHT at most'
  }),
  max_records: Type.Integer({
    default: 4_096,
    minimum: 16,
    maximum: 100_000,
    description: 'Records of others to keep at most, 4 KiB each; those furthest from this node give way'
  })
}, { additionalProperties: false })
