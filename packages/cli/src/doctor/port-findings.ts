import { createServer } from 'node:net'
import { describeError, MeshError, type RuntimeConfig } from '@akshi/core'
import { failed, found, type LocalFinding } from './local-finding.ts'
import { describeHolder } from './port-holder.ts'

const maxOther = 100

/** Whether a node could listen where it is to; if not, who does. */
export async function examinePort ({ dashboard: { bind, port } }: RuntimeConfig): Promise<LocalFinding> {
  const error = await tryToListen(bind, port)
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (error === undefined) return found('ok', 'port', port === 0 ? `some port on ${bind} is free` : `port ${port} on ${bind} is free`)
  if (code === 'EADDRINUSE') {
    const who = await describeHolder(bind, port)
    return failed('port', new MeshError('MESH_PORT_IN_USE', `port ${port} on ${bind} is in use by ${who}`), setting(`port = ${await findFreePort(bind, port)}`))
  }
  if (code === 'EACCES') return failed('port', new MeshError('MESH_CONFIG_INVALID', `this user may not listen on port ${port}`), setting('port = 3210'))
  if (code === 'EADDRNOTAVAIL') return failed('port', new MeshError('MESH_CONFIG_INVALID', `${bind} is no address of this machine`), setting('bind = "0.0.0.0"'))
  return failed('port', new MeshError('MESH_CONFIG_INVALID', `a node cannot listen on ${bind} port ${port}: ${describeError(error)}`), setting('bind = "0.0.0.0"'))
}

function setting (line: string): string {
  return `${line}  # under [dashboard] in runtime.toml`
}

/** The next one that is free. */
async function findFreePort (bind: string, taken: number): Promise<number> {
  for (let port = taken + 1; port <= Math.min(taken + maxOther, 65_535); port++) if (await tryToListen(bind, port) === undefined) return port
  return 0
}

function tryToListen (host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}
