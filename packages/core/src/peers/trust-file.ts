import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Check, Type } from '#typebox'
import type { Static } from 'typebox'
import { isDid, type Did } from '../did.ts'
import { describeError, MeshError } from '../errors.ts'
import type { FeedState } from '../transport.ts'

/** What was had of an origin's feeds when trust in it was withdrawn: what leads up to these tips stays valid. */
export type Cut = readonly Pick<FeedState, 'feed' | 'tips'>[]

export interface Decision {
  /** What the node was called when it was decided about; empty if it had no name. */
  readonly name: string
  /** ISO 8601. */
  readonly since: string
}

export interface Withdrawal extends Decision {
  readonly cut: Cut
}

/** Everything the operator decided, by kind. A node may stand under several. */
export interface Decisions {
  readonly trusted: ReadonlyMap<Did, Decision>
  readonly blocked: ReadonlyMap<Did, Decision>
  readonly untrusted: ReadonlyMap<Did, Withdrawal>
}

const decision = { name: Type.String(), since: Type.String() }
const TipRow = Type.Tuple([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[0-9a-f]{64}$' })])
const CutRow = Type.Tuple([Type.String(), Type.Union([Type.Literal('log'), Type.Literal('state')]), Type.Array(TipRow)])
const FileForm = Type.Object({
  version: Type.Literal(1),
  trusted: Type.Record(Type.String(), Type.Object(decision)),
  blocked: Type.Record(Type.String(), Type.Object(decision)),
  untrusted: Type.Optional(Type.Record(Type.String(), Type.Object({ ...decision, cut: Type.Array(CutRow) })))
})

/** Reads `trust.json`. Throws `MESH_DISK_FAILED` when it cannot be read or understood: nobody is trusted by guess. */
export async function readTrustFile (path: string): Promise<Decisions> {
  const content = await readJson(path)
  if (!Check(FileForm, content)) throw unreadable(path, 'it is not a trust file of version 1')
  return {
    trusted: byDid(path, content.trusted, (_did, each) => each),
    blocked: byDid(path, content.blocked, (_did, each) => each),
    untrusted: byDid(path, content.untrusted ?? {}, (did, { cut, ...rest }) => ({ ...rest, cut: cut.map((row) => readRow(did, row)) }))
  }
}

/** Puts a file for its owner alone in place of the one there; it is on disk when this resolves. Throws `MESH_DISK_FAILED`. */
export async function writeTrustFile (path: string, { trusted, blocked, untrusted }: Decisions): Promise<void> {
  const rows = [...untrusted].map(([did, { cut, ...rest }]) => [did, { ...rest, cut: cut.map(writeRow) }] as const)
  const content: Static<typeof FileForm> = {
    version: 1,
    trusted: Object.fromEntries(trusted),
    blocked: Object.fromEntries(blocked),
    untrusted: Object.fromEntries(rows)
  }
  await replace(path, JSON.stringify(content, null, 2) + '\n')
}

/** No file is a file without decisions. */
async function readJson (path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, trusted: {}, blocked: {} }
    throw unreadable(path, describeError(cause), cause)
  }
}

async function replace (path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    throw new MeshError('MESH_DISK_FAILED', `Cannot write ${path}: ${describeError(cause)}. Check free space and who owns the folder.`, { cause })
  }
}

function byDid<From, To> (path: string, fields: Readonly<Record<string, From>>, make: (did: Did, from: From) => To): Map<Did, To> {
  return new Map(Object.entries(fields).map(([did, from]) => {
    if (!isDid(did)) throw unreadable(path, `"${did}" is not a DID`)
    return [did, make(did, from)]
  }))
}

function readRow (origin: Did, [journal, part, tips]: Static<typeof CutRow>): Cut[number] {
  return { feed: { journal, part, origin }, tips: tips.map(([seq, id]) => ({ seq, id: new Uint8Array(Buffer.from(id, 'hex')) })) }
}

function writeRow ({ feed: { journal, part }, tips }: Cut[number]): Static<typeof CutRow> {
  return [journal, part, tips.map(({ seq, id }) => [seq, Buffer.from(id).toString('hex')])]
}

function unreadable (path: string, reason: string, cause?: unknown): MeshError {
  return new MeshError('MESH_DISK_FAILED', `Cannot use ${path}: ${reason}. Repair it, or move it away and trust your peers again.`, { cause })
}
