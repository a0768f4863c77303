import { Transform } from 'node:stream'
import { createDeflateRaw } from 'node:zlib'
import { settle } from './virtual-clock.ts'

type Work = (this: Transform, chunk: unknown, encoding: BufferEncoding, done: (...outcome: never[]) => void) => void
interface Worker { _transform: Work }

/** What Node calls immediates and requests to the file system. */
const ownWork = /^Immediate$|^FSReq|CloseReq$/
let watchers = 0
const working = new Set<Transform>()

/**
 * Resolves when nothing in this process can go on by itself: no promise, no immediate and no file request is under way,
 * so all that is left waits for a clock or a socket. Exact, but for work in threads that Node lists nowhere: of
 * node:zlib's it knows while `watchZlib` is in use; nodes use no other.
 */
export async function quiesce (): Promise<void> {
  do await settle()
  while (isZlibBusy() || process.getActiveResourcesInfo().some((type) => ownWork.test(type)))
}

/** Counts what node:zlib does in threads, in the whole process, until the last user disposes of it. Changes nothing else. */
export function watchZlib (): Disposable {
  const base = zlibBase()
  const original = base._transform
  if (watchers++ === 0) base._transform = counted(original)
  return {
    [Symbol.dispose] () {
      if (--watchers === 0) base._transform = plain(base._transform)
    }
  }
}

function isZlibBusy (): boolean {
  return working.size > 0
}

const originals = new WeakMap<Work, Work>()

function plain (work: Work): Work {
  return originals.get(work) ?? work
}

function counted (work: Work): Work {
  const counting: Work = function (chunk, encoding, done) {
    const end = () => { working.delete(this) }
    this.once('close', end)          // of what fails `done` is never called
    working.add(this)
    work.call(this, chunk, encoding, (...outcome) => {
      end()
      done(...outcome)
    })
  }
  originals.set(counting, work)
  return counting
}

/** The prototype that all of node:zlib's streams share. */
function zlibBase (): Worker {
  const stream = createDeflateRaw()
  let found = Object.getPrototypeOf(stream) as object
  while (!Object.hasOwn(found, '_transform') && found !== Transform.prototype) found = Object.getPrototypeOf(found) as object
  stream.close()
  return found as Worker
}
