import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describeError, homePaths, MeshError, readIdentity } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import { findNode, type Invocation } from '../invocation.ts'

/** `akshi cert`: the node's certificate as a file, for curl. Needs no running node. */
export function addCert (program: Command, invocation: Invocation): void {
  program.command('cert')
    .summary("write the node's certificate, for curl")
    .description("Writes node.crt, the TLS certificate that goes with the node's key, so that curl can call the mesh routes of a node that trusts this one (every node trusts itself). Needs no running node.")
    .option('--out <dir>', 'folder for node.crt (default: beside the key)')
    .addHelpText('after', examples([['akshi cert', 'writes it and shows how curl uses it'], ['akshi cert --out .', 'into this folder']]))
    .action(async ({ out }: { readonly out?: string }) => {
      const { config } = await invocation.loadConfig()
      const { key } = homePaths(config.node.home)
      const identity = await readIdentity(key)
      const path = join(out === undefined ? dirname(key) : resolve(invocation.io.cwd, out), 'node.crt')
      const { createCertificate } = await import('@akshi/plugin-http')
      await write(path, createCertificate(identity).pem)
      const { port } = new URL(await findNode(config))
      invocation.terminal.result({ certificate: path, key, did: identity.did }, () => [
        `wrote ${path}, the certificate of ${identity.did}`, '', 'Try it on the running node:',
        `  curl -k --cert ${path} --key ${key} https://127.0.0.1:${port}/api/v1/sync/convergence`
      ])
    })
}

async function write (path: string, pem: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, pem)
  } catch (cause) {
    throw new MeshError('MESH_DISK_FAILED', `Cannot write ${path}: ${describeError(cause)}. Give another folder with --out.`, { cause })
  }
}
