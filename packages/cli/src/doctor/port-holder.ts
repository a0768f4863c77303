import { readdir, readFile, readlink } from 'node:fs/promises'
import { get } from 'node:http'

const patienceMs = 1_000

/** Who listens on a port of this machine, as far as that can be seen: an Akshi node, a process, or "another program". */
export async function describeHolder (bind: string, port: number): Promise<string> {
  const host = bind === '0.0.0.0' || bind === '::' ? '127.0.0.1' : bind
  const [node, process] = await Promise.all([askNode(host, port), findProcess(port)])
  const what = node === undefined ? process : `the Akshi node "${node.name}" (${node.did})${process === undefined ? '' : `, ${process}`}`
  return what ?? 'another program'
}

/** Nodes say who they are to whoever asks. */
function askNode (host: string, port: number): Promise<{ readonly name: string, readonly did: string } | undefined> {
  return new Promise((resolve) => {
    const call = get({ host, port, path: '/.well-known/akshi-node', timeout: patienceMs, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => { text = (text + piece).slice(0, 65_536) })
      response.once('close', () => resolve(parseNode(text)))
    })
    call.once('timeout', () => call.destroy()).once('error', () => resolve(undefined))
  })
}

function parseNode (text: string): { readonly name: string, readonly did: string } | undefined {
  try {
    const { name, did } = JSON.parse(text) as { readonly name?: unknown, readonly did?: unknown }
    return typeof name === 'string' && typeof did === 'string' ? { name, did } : undefined
  } catch {
    return undefined
  }
}

/** By proc(5): of processes of other users only root sees the sockets. */
async function findProcess (port: number): Promise<string | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')))
  const sockets = new Set(tables.flatMap((table) => listenersIn(table, port)).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return undefined
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    if (links.some((link) => sockets.has(link))) return `${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'process')).trim()} (pid ${pid})`
  }
}

/** Inodes of the sockets that listen on a port. */
function listenersIn (table: string, port: number): string[] {
  const listening = '0A'
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').map((line) => line.trim().split(/\s+/)).flatMap(([, at, , state, , , , , , inode]) =>
    state === listening && at?.endsWith(local) === true && inode !== undefined ? [inode] : [])
}
