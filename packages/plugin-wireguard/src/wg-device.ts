import type { Address } from '@akshi/core'
import type { WgKey } from './tunnel-key.ts'

/** How a device is made. */
export interface WgSettings {
  /** The interface's name: 1 to 15 of letters, digits and `_=+.-`, not starting with `-` or a dot. */
  readonly name: string
  /**
   * Whose the interface is, kept with it as its alias. A device of this name and owner that a life before left behind is removed
   * at the start; one with another alias or none is never touched.
   */
  readonly owner: string
  /** Raw, 32 bytes. */
  readonly privateKey: Uint8Array
  /** UDP port, the same after every restart. */
  readonly listenPort: number
  readonly mtu: number
  /** This node's own address in the tunnels; it gets /128. */
  readonly address: string
}

/** A peer as it is to be. */
export interface WgPeer {
  readonly publicKey: WgKey
  /** The only address that may come out of its tunnel, and the only one that is routed into it: a /128. */
  readonly address: string
  /** An IP address, no name; a link-local one with its zone. Left out: what the device has stays, as the peer may have moved. */
  readonly endpoint?: Address
  /** 0: silent while there is nothing to say. */
  readonly keepaliveSecs: number
}

/** A peer as the device has it. */
export interface WgPeerState extends WgPeer {
  /** Milliseconds since the Unix epoch, by this machine's clock; nothing before the first. */
  readonly lastHandshakeMs?: number
  readonly rxBytes: number
  readonly txBytes: number
}

/**
 * One WireGuard interface. What it is given it does, at once; who may be a peer, where it is and when to try again is for others to
 * decide. Calls take effect in the order they are made. One `open` and one `close` a device.
 *
 * @throws TypeError for a peer that is malformed: a name as its endpoint, an address that is not IPv6, a port out of range.
 * @throws MeshError `MESH_NOT_RUNNING` from everything but `open` and `close`, before and after them, and when the device refuses.
 */
export interface WgDevice {
  /**
   * Resolves when the interface is up with its address, and takes peers. When it rejects, nothing is left behind.
   *
   * @throws MeshError `MESH_CONFIG_INVALID` when the name is taken by an interface that is not the owner's, `MESH_PORT_IN_USE`,
   * `MESH_PLUGIN_START_FAILED` with what the system said; the signal's reason.
   */
  open (settings: WgSettings, signal: AbortSignal): Promise<void>
  /** What the device has now; empty while it is being restarted. */
  peers (): Promise<readonly WgPeerState[]>
  /**
   * Adds a peer, or changes it in place: a live tunnel stays, though its endpoint changes. What is set survives a restart of the
   * device's process. Does not say that the peer answers.
   */
  setPeer (peer: WgPeer): Promise<void>
  /** The peer is forgotten with its sessions and route, before this resolves. Nothing happens when there is none. */
  removePeer (publicKey: WgKey): Promise<void>
  /**
   * Forgets a peer and adds it anew, in one step: if it has an endpoint, a handshake goes out at once. Without that a lost handshake
   * is repeated after 5 s only (REKEY_TIMEOUT of the WireGuard paper, section 6.4). A live session is lost: never call it for one.
   */
  readd (peer: WgPeer): Promise<void>
  /** Resolves when interface, routes, socket and process are gone. Does nothing the second time, or when it was never open. */
  close (): Promise<void>
}
