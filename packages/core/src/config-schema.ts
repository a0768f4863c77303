import { Type } from '#typebox'
import type { TProperties } from 'typebox'
import type { Did } from './did.ts'

/** The plugins of a node whose runtime.toml has no `[[plugins]]`, in the order of loading. */
export const firstPartyPlugins: readonly string[] = ['@akshi/plugin-http', '@akshi/plugin-fs', '@akshi/plugin-guard', '@akshi/plugin-mdns']

const name = { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', expects: '1 to 63 of letters, digits, dot, hyphen and underscore, starting with a letter or digit' }
const port = { minimum: 0, maximum: 65_535 }
const exampleDid = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

const node = section('This node.', {
  name: Type.String({ ...name, description: 'What peers and people see this node as; not unique, never an identity.', defaultText: 'the host\'s name' }),
  home: Type.String({ minLength: 1, default: '~/.akshi', description: 'Folder of the node\'s key, token, trust and journals; a relative path starts at this file\'s folder. Also AKSHI_HOME_DIR.' })
})

const dashboard = section('The node\'s one port: peers, the local API and the page.', {
  port: Type.Integer({ ...port, default: 3210, description: 'TCP port for everything; 0 takes any free one.' }),
  bind: Type.String({ minLength: 1, default: '0.0.0.0', description: 'Address to listen on; 127.0.0.1 keeps peers on other machines out.' }),
  // eslint-disable-next-line no-template-curly-in-string -- TOML's, filled in when the file is loaded
  token: Type.Optional(Type.String({ minLength: 1, writeOnly: true, examples: ['${AKSHI_TOKEN}'], defaultText: 'made by `akshi init`', description: 'Bearer token of the local API; use a variable rather than writing it here. Also AKSHI_TOKEN.' })),
  auth: Type.Boolean({ default: true, description: 'Whether the local API asks for the token; false is for tests.' }),
  remote: Type.Boolean({ default: false, description: 'Whether the local API may be used from other machines, with the token.' }),
  rate_limit: Type.Integer({ minimum: 1, default: 300, description: 'Requests a minute from one address or peer.' }),
  rate_limit_burst: Type.Integer({ minimum: 1, default: 50, description: 'Requests that may come at once.' })
})

const peer = Type.Object({
  name: Type.Optional(Type.String({ ...name, examples: ['beta'], description: 'What this node calls the peer.', defaultText: 'as it calls itself' })),
  node_did: Type.Unsafe<Did>(Type.String({ examples: [exampleDid], description: 'The peer\'s DID, as `akshi id --did` prints it there.' })),
  endpoint: Type.Optional(Type.String({
    pattern: '^(\\[[0-9A-Fa-f:.%a-z]+\\]|[^\\s:/\\[\\]]+)(:\\d{1,5})?$',
    expects: 'host or host:port, an IPv6 address in brackets',
    examples: ['203.0.113.7:51820'],
    description: 'Host, and port of its WireGuard; without a tunnel its host is dialled at dashboard_port.'
  })),
  dashboard_port: Type.Integer({ minimum: 1, maximum: 65_535, default: 3210, description: 'The peer\'s dashboard.port.' }),
  wireguard_public_key: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$', expects: '32 bytes in base64', examples: ['HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw='], description: 'The peer\'s WireGuard key, for a tunnel to it.' }))
}, { additionalProperties: false })

const sync = section('How journals are kept in sync.', {
  interval_secs: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 10, description: 'Seconds between comparisons with each peer; changes are sent at once, this is the backstop.' }),
  batch_size: Type.Integer({ minimum: 1, maximum: 10_000, default: 50, description: 'Envelopes in one request at most.' }),
  max_lag_before_full_sync: Type.Integer({ minimum: 1, default: 1000, description: 'Envelopes behind from which whole segments are fetched instead of single envelopes.' }),
  fanout: Type.Integer({ minimum: 1, maximum: 1_000, default: 8, description: 'Peers to which changes are pushed as they come; with more peers, the others get them from these, or are told.' }),
  newest_first: Type.Boolean({ default: false, description: 'Whether a node that is far behind fetches the newest segments first.' }),
  fallback_after_secs: Type.Number({ minimum: 0, maximum: 86_400, default: 3, description: 'Seconds the last working link must be gone before the shared folder is written again.' })
})

const mesh = section('Which mesh this node is in, and whom it trusts.', {
  id: Type.String({ minLength: 1, maxLength: 64, default: 'default', description: 'Part of every signature: another id is another mesh.' }),
  // eslint-disable-next-line no-template-curly-in-string -- TOML's, filled in when the file is loaded
  secret: Type.Optional(Type.String({ minLength: 16, maxLength: 256, writeOnly: true, examples: ['${AKSHI_MESH_SECRET}'], defaultText: 'the id', description: 'What members find each other by in a DHT that others use too; it admits nobody. Use a variable rather than writing it here.' })),
  trust: Type.Enum(['known', 'lan', 'open'], { default: 'known', description: 'Who is trusted unasked: "known" = listed or approved, "lan" = also nodes proven on a local link, "open" = every proven node.' }),
  peers: Type.Array(peer, { default: [], description: 'Peers that are trusted and dialled, one table each.' }),
  sync
})

const journal = section('How journals are kept.', {
  durability: Type.Enum(['fsync', 'os'], { default: 'fsync', description: '"fsync" = an entry is acknowledged once it survives a power cut, "os" = once it survives the end of the process.' })
})

const skill = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', expects: '1 to 64 of letters, digits, dot, hyphen and underscore' })
const caller = Type.String({ pattern: '^(trusted|public|did:key:z[1-9A-HJ-NP-Za-km-z]{1,128})$', expects: '"trusted", "public" or a did:key' })

const agents = Type.Array(Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$', expects: '1 to 64 of a-z, 0-9, dot, hyphen and underscore, starting with a letter or digit', examples: ['planner'], description: 'The agent, and its journal.' }),
  share: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { examples: [['beta']], defaultText: 'all', description: 'Names or DIDs of the trusted peers that get its journal.' })),
  description: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024, examples: ['Plans trips'], description: 'What the agent does, for its A2A card.' })),
  skills: Type.Optional(Type.Array(skill, { maxItems: 64, uniqueItems: true, examples: [['plan']], defaultText: 'none', description: 'What it can do, one word each; announced, so that others find it by them.' })),
  url: Type.Optional(Type.String({ pattern: '^https?://\\S+$', maxLength: 2_048, expects: 'an http or https URL', examples: ['http://127.0.0.1:9000/'], description: 'Base URL of an A2A server that is this agent, in any language; on this machine unless the A2A plugin allows other hosts.' })),
  module: Type.Optional(Type.String({ minLength: 1, examples: ['./planner.mjs'], description: 'Instead of url: a module whose default export is an A2A executor; a path from this file\'s folder, or a package.' })),
  allow: Type.Optional(Type.Array(caller, { minItems: 1, uniqueItems: true, examples: [['trusted']], defaultText: '["trusted"]', description: 'Who may send it A2A messages: "trusted" = every trusted peer, a DID = that trusted peer, "public" = as "trusted", and listed to everybody under /.well-known.' })),
  idempotent: Type.Optional(Type.Boolean({ defaultText: 'false', description: 'Whether a message that a crash interrupted is given to the agent again; otherwise its task fails and says so.' }))
}, { additionalProperties: false }), { default: [], description: 'Agents of this node, one table each.' })

const telemetry = section('What the node writes on stderr.', {
  log_level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'The least important lines to write.' }),
  log_format: Type.Enum(['pretty', 'json'], { default: 'pretty', description: 'Lines for people, or one JSON object a line.' })
})

const plugins = Type.Array(Type.Object({
  package: Type.String({ minLength: 1, examples: ['./my-carrier.mjs'], description: 'Package name, path or file URL; resolved from this file\'s folder, names then from the installation.' }),
  required: Type.Optional(Type.Boolean({ defaultText: 'as the plugin says', description: 'Whether the node must not run without it: when it fails, the node ends. Otherwise the node goes on without it and says so.' })),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {}, description: 'The plugin\'s own keys; see its README.' })
}, { additionalProperties: false }), {
  default: firstPartyPlugins.map((name) => ({ package: name, config: {} })),
  description: 'Plugins to load, in this order. No [[plugins]] at all = those of the installation; plugins = [] = none. A plugin\'s own keys follow it under [plugins.config].'
})

/**
 * The schema of runtime.toml. Besides JSON Schema it uses `expects` (what a pattern asks for, in words), `defaultText`
 * (a default that is not a constant) and `writeOnly` (JSON Schema's own word for a secret: its value is never printed).
 */
export const runtimeSchema = Type.Object({ node, dashboard, mesh, journal, agents, telemetry, plugins }, { additionalProperties: false })

function section<Properties extends TProperties> (description: string, properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, default: {}, description })
}
