import { createHash } from 'node:crypto'

/** One operation of a change that is encoded by hand. Actors are indexes: 0 is the change's own. */
export interface Op {
  readonly object?: readonly [actor: number, counter: number]
  /** A key of a map, an element's id, or the head of a list. */
  readonly key: string | readonly [actor: number, counter: number] | 'HEAD'
  readonly insert?: boolean
  readonly action?: number
  /** Type code and bytes. */
  readonly value?: readonly [type: number, bytes: Uint8Array]
  readonly pred?: readonly (readonly [actor: number, counter: number])[]
}

export interface HandMade {
  readonly deps?: readonly Uint8Array[]
  readonly actor: Uint8Array
  readonly seq?: number
  readonly startOp?: number
  readonly time?: number
  readonly message?: string
  readonly otherActors?: readonly Uint8Array[]
  readonly columns: Readonly<Record<number, Uint8Array>>
  readonly extra?: Uint8Array
}

const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)

/** A chunk of this content with the checksum that it should have. */
export function chunk (content: Uint8Array, type = 1): Uint8Array {
  return chunkOfBody(Buffer.concat([Uint8Array.of(type), leb128(content.length), content]))
}

/** The same from type and length on. */
export function chunkOfBody (body: Uint8Array): Uint8Array {
  return Buffer.concat([magic, createHash('sha256').update(body).digest().subarray(0, 4), body])
}

/** A change with the columns given, whatever they hold. */
export function encodeChange (change: HandMade): Uint8Array {
  const { deps = [], actor, seq = 1, startOp = 1, time = 0, message = '', otherActors = [], columns, extra = new Uint8Array(0) } = change
  const there = Object.entries(columns).filter(([, { length }]) => length > 0).map(([column, bytes]) => [Number(column), bytes] as const).sort(([a], [b]) => a - b)
  return chunk(Buffer.concat([
    leb128(deps.length), ...deps, prefixed(actor), leb128(seq), leb128(startOp), signed(time), prefixed(Buffer.from(message)),
    leb128(otherActors.length), ...otherActors.map(prefixed),
    leb128(there.length), ...there.flatMap(([column, { length }]) => [leb128(column), leb128(length)]), ...there.map(([, bytes]) => bytes), extra
  ]))
}

/** The columns that operations have. */
export function columnsOf (ops: readonly Op[]): Record<number, Uint8Array> {
  const ids = ops.map(({ key }) => key === 'HEAD' ? [undefined, 0] as const : typeof key === 'string' ? [undefined, undefined] as const : key)
  const preds = ops.flatMap(({ pred = [] }) => pred)
  return {
    0x01: rle(ops.map(({ object }) => object?.[0]), leb128),
    0x02: rle(ops.map(({ object }) => object?.[1]), leb128),
    0x11: rle(ids.map(([actor]) => actor), leb128),
    0x13: rle(deltas(ids.map(([, counter]) => counter)), signed),
    0x15: rle(ops.map(({ key }) => typeof key === 'string' && key !== 'HEAD' ? key : undefined), (text) => prefixed(Buffer.from(text))),
    0x34: booleans(ops.map(({ insert = false }) => insert)),
    0x42: rle(ops.map(({ action = 1 }) => action), leb128),
    0x56: rle(ops.map(({ value: [type, bytes] = [0, new Uint8Array(0)] }) => bytes.length * 16 + type), leb128),
    0x57: Buffer.concat(ops.map(({ value }) => value?.[1] ?? new Uint8Array(0))),
    0x70: rle(ops.map(({ pred = [] }) => pred.length), leb128),
    0x71: rle(preds.map(([actor]) => actor), leb128),
    0x73: rle(deltas(preds.map(([, counter]) => counter)), signed)
  }
}

/** Runs of equal rows, each of them as long as it can be; nothing when all are null. */
export function rle<Value> (rows: readonly (Value | undefined)[], write: (value: Value) => Uint8Array): Uint8Array {
  if (rows.every((row) => row === undefined)) return new Uint8Array(0)
  const out: Uint8Array[] = []
  const alone: Value[] = []
  const endLiterals = () => { if (alone.length > 0) out.push(signed(-alone.length), ...alone.splice(0).map(write)) }
  for (let start = 0, end = 0; start < rows.length; start = end) {
    while (end < rows.length && rows[end] === rows[start]) end++
    const value = rows[start]
    if (value !== undefined && end - start === 1) alone.push(value)
    else endLiterals()
    if (value === undefined) out.push(leb128(0), leb128(end - start))
    else if (end - start > 1) out.push(signed(end - start), write(value))
  }
  endLiterals()
  return Buffer.concat(out)
}

/** Text as a value. */
export const text = (value: string): readonly [number, Uint8Array] => [6, Buffer.from(value)]

export function leb128 (value: number): Uint8Array {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return Uint8Array.of(...bytes, value)
}

/** Signed LEB128. */
export function signed (value: number): Uint8Array {
  const bytes = []
  for (; value < -64 || value > 63; value = Math.floor(value / 128)) bytes.push((value & 127) + 128)
  return Uint8Array.of(...bytes, value & 127)
}

function prefixed (bytes: Uint8Array): Uint8Array {
  return Buffer.concat([leb128(bytes.length), bytes])
}

function deltas (rows: readonly (number | undefined)[]): (number | undefined)[] {
  let last = 0
  return rows.map((row) => {
    if (row === undefined) return undefined
    const delta = row - last
    last = row
    return delta
  })
}

function booleans (rows: readonly boolean[]): Uint8Array {
  const counts = [0]
  rows.forEach((row, index) => {
    if (row !== (rows[index - 1] ?? false)) counts.push(0)
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1
  })
  return Buffer.concat(rows.length === 0 ? [] : counts.map(leb128))
}
