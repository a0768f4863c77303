import { readFile } from 'node:fs/promises'
import { freemem, loadavg } from 'node:os'
import type { Clock } from '@akshi/core'

const mebibyte = 1024 * 1024

/** One line about this machine and a process of it, as JSON. */
export async function measure (clock: Clock, pid: number | undefined): Promise<string> {
  return JSON.stringify({
    at: new Date(clock.now()).toISOString(),
    load: loadavg()[0],
    free_mib: Math.round(freemem() / mebibyte),
    ...await residentMemory(pid)
  })
}

/** Memory of a process, where the system tells (Linux). */
async function residentMemory (pid: number | undefined): Promise<{ node_rss_mib?: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]
  return kibibytes === undefined ? {} : { node_rss_mib: Math.round(Number(kibibytes) / 1024) }
}
