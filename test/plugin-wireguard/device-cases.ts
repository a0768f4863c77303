import { expect } from 'chai'
import { createTunnelKey, tunnelAddress, tunnelKeyFromPrivate, type WgDevice, type WgPeer, type WgSettings } from '@akshi/plugin-wireguard'
import { codeOf, failureOf } from '../support/failures.ts'

/** A device under test, and what stands around it. */
export interface DeviceLab extends AsyncDisposable {
  readonly device: WgDevice
  readonly settings: WgSettings
  /** `ip` with these words, where the device is. */
  readonly ip: (...words: string[]) => Promise<string>
  /** A second network on the same cable, with a device of its own that knows `peer`; resolves to how it is found, when its device is up. */
  readonly startOther: (peer: WgPeer) => Promise<{ readonly publicKey: WgPeer['publicKey'], readonly address: string, readonly endpoint: NonNullable<WgPeer['endpoint']> }>
  /** Connects from the device's network to an address behind the tunnel, and reads a greeting. */
  readonly greet: (address: string) => Promise<string>
  /** Resolves when `check` holds, asked again and again; rejects after 5 s. */
  readonly until: (check: () => Promise<boolean>) => Promise<void>
}

export interface DeviceCase {
  readonly name: string
  readonly run: (lab: DeviceLab) => Promise<void>
}

const now = new AbortController().signal
const stranger = (keepaliveSecs = 0, endpoint?: WgPeer['endpoint']): WgPeer => {
  const { publicKey } = createTunnelKey()
  return { publicKey, address: tunnelAddress(publicKey), keepaliveSecs, ...(endpoint === undefined ? {} : { endpoint }) }
}
const place = { host: '10.79.0.2', port: 51_820 }
const silent = { rxBytes: 0, txBytes: 0 }

/** What every `WgDevice` promises. */
export const deviceCases: readonly DeviceCase[] = [
  {
    name: 'has its interface up with its address, owner and MTU when open resolves, and nothing is left after close',
    run: async ({ device, settings, ip }) => {
      await device.open(settings, now)
      const [link] = JSON.parse(await ip('-j', 'address', 'show', 'dev', settings.name)) as [{ mtu: number, flags: string[], addr_info: { local: string, prefixlen: number, scope: string }[] }]
      expect([link.mtu, link.flags.includes('UP')]).to.deep.equal([settings.mtu, true])
      expect(link.addr_info.filter(({ scope }) => scope === 'global').map(({ local, prefixlen }) => [local, prefixlen])).to.deep.equal([[settings.address, 128]])
      expect(await ip('link', 'show', 'dev', settings.name)).to.include(`alias ${settings.owner}`)
      await device.setPeer(stranger())
      await device.close()
      await device.close()
      expect([await ip('-j', 'link', 'show'), await ip('-6', 'route')].join()).to.not.include(settings.name)
    }
  },
  {
    name: 'gives back each peer as it was set, changes it in place and forgets it, with its route',
    run: async ({ device, settings, ip }) => {
      await device.open(settings, now)
      const [one, two] = [stranger(25, place), stranger()]
      await device.setPeer(one)
      await device.setPeer(two)
      expect((await device.peers()).map((peer) => ({ ...peer, txBytes: 0 })).toSorted((a) => a.publicKey === one.publicKey ? -1 : 1)).to.deep.equal([{ ...one, ...silent }, { ...two, ...silent }])
      expect(await ip('-6', 'route')).to.include(one.address).and.include(two.address)

      const { endpoint, ...elsewhere } = { ...one, address: stranger().address, keepaliveSecs: 0 }
      await device.setPeer(elsewhere)
      await device.removePeer(two.publicKey)
      await device.removePeer(two.publicKey)
      expect((await device.peers()).map((peer) => ({ ...peer, txBytes: 0 }))).to.deep.equal([{ ...elsewhere, endpoint, ...silent }])
      expect(await ip('-6', 'route')).to.include(elsewhere.address).and.not.include(one.address)
    }
  },
  {
    name: 'takes calls in the order they are made',
    run: async ({ device, settings }) => {
      await device.open(settings, now)
      const peers = Array.from({ length: 4 }, () => stranger())
      await Promise.all(peers.flatMap((peer) => [device.setPeer({ ...peer, keepaliveSecs: 9 }), device.removePeer(peer.publicKey), device.setPeer(peer), device.setPeer({ ...peer, keepaliveSecs: 5 })]))
      expect((await device.peers()).map(({ keepaliveSecs }) => keepaliveSecs)).to.deep.equal([5, 5, 5, 5])
    }
  },
  {
    name: 'carries a connection, counts it, and keeps the session through setPeer',
    run: async ({ device, settings, startOther, greet }) => {
      const { publicKey } = tunnelKeyFromPrivate(settings.privateKey)
      const other = await startOther({ publicKey, address: settings.address, keepaliveSecs: 0 })
      await device.open(settings, now)
      await device.setPeer({ ...other, keepaliveSecs: 0 })
      expect(await greet(other.address)).to.equal('hello')
      const [before] = await device.peers()
      await device.setPeer({ publicKey: other.publicKey, address: other.address, keepaliveSecs: 25 })
      expect(await greet(other.address)).to.equal('hello')
      const [after] = await device.peers()
      expect([after?.lastHandshakeMs, after?.endpoint, after?.keepaliveSecs]).to.deep.equal([before?.lastHandshakeMs, other.endpoint, 25])
      expect([(before?.rxBytes ?? 0) > 100, (before?.txBytes ?? 0) > 100]).to.deep.equal([true, true])
    }
  },
  {
    name: 'shakes hands at once when a peer is added anew, also one that is to stay silent',
    run: async ({ device, settings, startOther, until }) => {
      const { publicKey } = tunnelKeyFromPrivate(settings.privateKey)
      const other = await startOther({ publicKey, address: settings.address, keepaliveSecs: 0 })
      await device.open(settings, now)
      await device.setPeer({ ...other, keepaliveSecs: 0 })
      expect((await device.peers()).map(({ lastHandshakeMs }) => lastHandshakeMs)).to.deep.equal([undefined])
      await device.readd({ ...other, keepaliveSecs: 0 })
      await until(async () => (await device.peers())[0]?.lastHandshakeMs !== undefined)
      expect((await device.peers()).map(({ keepaliveSecs }) => keepaliveSecs)).to.deep.equal([0])
    }
  },
  {
    name: 'leaves the interface of another owner alone, and says which key to set',
    run: async ({ device, settings, ip }) => {
      await ip('link', 'add', 'dev', settings.name, 'type', 'bridge')
      expect(await codeOf(() => device.open(settings, now))).to.equal('MESH_CONFIG_INVALID')
      await ip('link', 'set', 'dev', settings.name, 'alias', 'of somebody else')
      const before = await ip('-j', 'link', 'show', 'dev', settings.name)
      const failure = await failureOf(() => device.open(settings, now))
      expect([(failure as { code?: string }).code, String(failure).includes('"interface"')]).to.deep.equal(['MESH_CONFIG_INVALID', true])
      await device.close()
      expect(await ip('-j', 'link', 'show', 'dev', settings.name)).to.equal(before)
    }
  },
  {
    name: 'removes what an earlier life of its owner has left, and starts',
    run: async ({ device, settings, ip }) => {
      await ip('link', 'add', 'dev', settings.name, 'type', 'bridge')
      await ip('link', 'set', 'dev', settings.name, 'alias', settings.owner)
      await device.open(settings, now)
      expect(await device.peers()).to.deep.equal([])
    }
  },
  {
    name: 'refuses peers that no device could have, names it cannot use, and calls when it is not open',
    run: async ({ device, settings, ip }) => {
      expect(await codeOf(() => device.peers())).to.equal('MESH_NOT_RUNNING')
      expect(await codeOf(() => device.setPeer(stranger()))).to.equal('MESH_NOT_RUNNING')
      expect(await codeOf(() => device.open({ ...settings, name: 'much-too-long-a-name' }, now))).to.equal('MESH_CONFIG_INVALID')
      const aborted = AbortSignal.abort(new Error('enough'))
      expect(await failureOf(() => device.open(settings, aborted))).to.equal(aborted.reason)
      await device.open(settings, now)
      const bad = [{ address: '10.0.0.1' }, { keepaliveSecs: -1 }, { endpoint: { host: 'example.org', port: 1 } }, { endpoint: { host: '::1', port: 0 } }]
      for (const change of bad) expect(await failureOf(() => device.setPeer({ ...stranger(), ...change }))).to.be.instanceOf(TypeError)
      expect(await codeOf(() => device.setPeer(stranger(0, { host: 'fe80::1%nosuch', port: 1 })))).to.equal('MESH_NOT_RUNNING')
      expect(await device.peers()).to.deep.equal([])
      await device.close()
      expect(await codeOf(() => device.peers())).to.equal('MESH_NOT_RUNNING')
      expect(await ip('-j', 'link', 'show')).to.not.include(settings.name)
    }
  }
]
