import { describeError, MeshError } from '@akshi/core'
import { UapiRefusal } from './uapi-socket.ts'
import type { WgSettings } from './wg-device.ts'

const addressInUse = 98

/** What `WgDevice.open` rejects with for an error of one of its steps. */
export function startFailure (error: unknown, { name, listenPort }: WgSettings, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof MeshError) return error
  if (isPortInUse(error)) {
    return new MeshError('MESH_PORT_IN_USE', `UDP port ${listenPort} is in use. Stop the program that has it, or set "listen_port" of plugin-wireguard.`, { cause: error })
  }
  return new MeshError('MESH_PLUGIN_START_FAILED', `Cannot set up the interface ${name}: ${describeError(error)}.`, { cause: error })
}

function isPortInUse (error: unknown): boolean {
  return error instanceof UapiRefusal ? error.errno === addressInUse : describeError(error).includes('Address already in use')
}
