import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import {
  createTunnelKey, ensureTunnelKey, parseWgKey, readTunnelKey, tunnelKeyFromPrivate, tunnelKeyPath, wgKeyBytes, wgKeyFromBytes
} from '@akshi/plugin-wireguard'
import { codeOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { unprivileged } from '../support/unprivileged.ts'

/** Bob's keys of RFC 7748, section 6.1. */
const bob = Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex')
const bobPublic = '3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08='
/** Points of small order: 0, 1, a point of order 8, and p, which is 0 written otherwise. */
const useless = [
  '0'.repeat(64), '01' + '0'.repeat(62), 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'ed' + 'ff'.repeat(30) + '7f'
].map((hex) => Buffer.from(hex, 'hex'))

describe('tunnel keys', () => {
  it('have the public key of RFC 7748', () => {
    expect(tunnelKeyFromPrivate(bob)).to.deep.equal({ publicKey: bobPublic, privateKey: new Uint8Array(bob) })
  })

  it('are new each time, and their public halves are taken by the check and come back as bytes', () => {
    const [one, two] = [createTunnelKey(), createTunnelKey()]
    expect(one.publicKey).to.not.equal(two.publicKey)
    expect(parseWgKey(one.publicKey)).to.equal(one.publicKey)
    expect(wgKeyFromBytes(wgKeyBytes(one.publicKey))).to.equal(one.publicKey)
  })

  it('refuse private keys of another length, or of zeros', async () => {
    for (const bytes of [new Uint8Array(31), new Uint8Array(33).fill(1), new Uint8Array(32)]) {
      expect(await codeOf(() => tunnelKeyFromPrivate(bytes))).to.equal('MESH_KEY_INVALID')
    }
  })

  it('refuse public keys of others that are short, long, spelt otherwise, or under which nothing can be agreed', async () => {
    const spellings = ['', 'x', bobPublic.slice(0, -1), `${bobPublic} `, `${bobPublic}\n`, bobPublic.replace('K08=', 'K09='), bobPublic.replace('+', '-'), Buffer.alloc(33, 1).toString('base64')]
    for (const text of [...spellings, ...useless.map((bytes) => bytes.toString('base64'))]) {
      expect([text, await codeOf(() => parseWgKey(text))]).to.deep.equal([text, 'MESH_KEY_INVALID'])
    }
  })
})

describe('the file of the tunnel key', () => {
  it('is made once, for its owner alone, and stays', async () => {
    await using folder = await temporaryFolder()
    const path = tunnelKeyPath(folder.path)
    const both = await Promise.all([ensureTunnelKey(path), ensureTunnelKey(path)])
    expect([both.filter(({ created }) => created).length, both[0]?.key.publicKey === both[1]?.key.publicKey]).to.deep.equal([1, true])
    expect([path, (await stat(path)).mode & 0o777]).to.deep.equal([folder.join('security', 'wireguard_key'), 0o600])
    expect(await ensureTunnelKey(path)).to.deep.equal({ key: both[0]?.key, created: false })
  })

  it('is what wg takes, and takes what wg makes', async function () {
    await using folder = await temporaryFolder()
    const path = folder.join('key')
    const { key } = await ensureTunnelKey(path)
    if (!hasWg()) return this.skip()
    expect(wg('pubkey', await readFile(path, 'utf8'))).to.equal(key.publicKey)
    await writeFile(path, `${wg('genkey')}\n`)
    expect((await readTunnelKey(path)).publicKey).to.equal(wg('pubkey', await readFile(path, 'utf8')))
  })

  it('is refused when others may read it', async () => {
    await using folder = await temporaryFolder()
    await ensureTunnelKey(folder.join('key'))
    await chmod(folder.join('key'), 0o640)
    expect(await codeOf(() => ensureTunnelKey(folder.join('key')))).to.equal('MESH_KEY_EXPOSED')
  })

  it('is never replaced, whatever is in it', async () => {
    await using folder = await temporaryFolder()
    for (const text of ['', 'no key\n', bobPublic.slice(4), `${bob.toString('hex')}\n`, Buffer.alloc(32).toString('base64'), `${bobPublic}\n${bobPublic}\n`]) {
      await writeFile(folder.join('key'), text, { mode: 0o600 })
      expect(await codeOf(() => ensureTunnelKey(folder.join('key')))).to.equal('MESH_KEY_INVALID')
      expect(await readFile(folder.join('key'), 'utf8')).to.equal(text)
    }
  })

  it('says what is wrong when it is missing, unreadable, or cannot be written', async () => {
    await using folder = await temporaryFolder()
    expect(await codeOf(() => readTunnelKey(folder.join('none')))).to.equal('MESH_KEY_MISSING')
    await mkdir(folder.join('closed'), { mode: 0o700 })
    await writeFile(folder.join('closed', 'key'), '', { mode: 0o200 })
    await writeFile(folder.join('file'), '')
    await chmod(folder.join('closed', 'key'), 0o200)
    await unprivileged(folder.path, async () => {
      expect(await codeOf(() => readTunnelKey(folder.join('closed', 'key')))).to.equal('MESH_KEY_UNREADABLE')
    })
    await mkdir(folder.join('full'), { mode: 0o500 })
    await unprivileged(folder.path, async () => {
      expect(await codeOf(() => ensureTunnelKey(folder.join('full', 'key')))).to.equal('MESH_DISK_FAILED')
    })
  })
})

function hasWg (): boolean {
  try {
    return wg('--version') !== ''
  } catch {
    return false
  }
}

function wg (command: string, input = ''): string {
  return execFileSync('wg', [command], { input, stdio: ['pipe', 'pipe', 'pipe'] }).toString().trim()
}
