export interface DemoConfigOptions {
  readonly name: string
  readonly home: string
  readonly meshId: string
  readonly sharedDir: string
  /** Where mDNS happens; without it there is no discovery. */
  readonly mdnsPort: number | undefined
}

/** The runtime.toml of a node of the demo. */
export function demoConfig ({ name, home, meshId, sharedDir, mdnsPort }: DemoConfigOptions): string {
  // A JSON string is a TOML basic string.
  const text = JSON.stringify
  const mdns = `
[[plugins]]
package = "@akshi/plugin-mdns"
[plugins.config]
interfaces = ["127.0.0.1"]
port = ${mdnsPort ?? 0}
`
  return `[node]
name = ${text(name)}
home = ${text(home)}

[dashboard]
bind = "127.0.0.1"
port = 0

[mesh]
id = ${text(meshId)}
trust = "lan"

[[plugins]]
package = "@akshi/plugin-http"

[[plugins]]
package = "@akshi/plugin-fs"
[plugins.config]
dir = ${text(sharedDir)}
${mdnsPort === undefined ? '' : mdns}`
}
