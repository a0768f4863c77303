import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publicKeyFromDid } from '@akshi/core'
import type { NatLab } from './nat-lab.ts'
import { journal, type NatMesh } from './nat-mesh.ts'
import type { Packet } from './packets.ts'
import { wireguardPort } from './tunnelled-node.ts'

const sampleBytes = 16
const send = `const { createSocket } = require('dgram')
const socket = createSocket('udp4')
const [host, ...secrets] = process.argv.slice(1)
const say = () => secrets.length === 0 ? socket.close() : socket.send(Buffer.from(secrets.shift(), 'base64'), ${wireguardPort}, host, say)
say()`

/** What no network may see: who the nodes are, their keys, and pieces of all that the journal is made of, as its envelopes are kept and sent. */
export async function secretsOf ({ nodes, one }: NatMesh): Promise<readonly Buffer[]> {
  const names = nodes.flatMap(({ live: { did }, publicKey }) => [
    Buffer.from(did.slice('did:key:'.length)), Buffer.from(publicKeyFromDid(did)), Buffer.from(publicKey), Buffer.from(publicKey, 'base64')
  ])
  const file = join(one.live.home, 'exported')
  await one.live.akshi('journal', 'export', journal, '--out', file)
  return [...names, Buffer.from(journal), ...samples(await readFile(file))]
}

/** Sends them in clear from a host to another, where WireGuard drops them: who does not find them then would never find any. */
export async function tell (lab: NatLab, secrets: readonly Buffer[], from: number, to: number): Promise<void> {
  const words = secrets.map((secret) => secret.toString('base64'))
  await promisify(execFile)('ip', lab.command(from, process.execPath, '-e', send, lab.address(to), ...words))
}

/** Whether a packet is of `tell`. */
export function isTold ({ protocol, payload }: Packet, secrets: readonly Buffer[]): boolean {
  return protocol === 'udp' && secrets.some((secret) => secret.equals(payload))
}

function samples (bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / sampleBytes) }, (_, index) => bytes.subarray(index * sampleBytes, (index + 1) * sampleBytes))
}
