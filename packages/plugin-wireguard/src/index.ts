/**
 * WireGuard tunnels between nodes: keys, addresses, devices and the peers on them. What crosses NATs builds on this.
 */
export { systemCommands, type Commands, type RunningCommand } from './commands.ts'
export { createDevice, probeDevice, systemProbe, type ProbedDevice, type ProbeParts } from './device-probe.ts'
export { ToolDevice } from './tool-device.ts'
export { tunnelAddress } from './tunnel-address.ts'
export { ensureTunnelKey, readTunnelKey, tunnelKeyPath } from './tunnel-key-file.ts'
export { createTunnelKey, parseWgKey, tunnelKeyFromPrivate, wgKeyBytes, wgKeyFromBytes, type TunnelKey, type WgKey } from './tunnel-key.ts'
export { applyPlan, planPeers, sharedKeys, type DesiredPeer, type PeerPlan } from './tunnel-peers.ts'
export { UapiDevice, type UapiDeviceParts } from './uapi-device.ts'
export { userspacePrograms, type UserspaceProgram } from './userspace-process.ts'
export type { WgDevice, WgPeer, WgPeerState, WgSettings } from './wg-device.ts'
export { WireguardConfig } from './config.ts'
export { default } from './plugin.ts'
