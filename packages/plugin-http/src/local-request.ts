import type { IncomingHttpHeaders } from 'node:http'
import type { NewEntry, ReadOptions } from '@akshi/core'
import { badRequest } from './request-error.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads `?agent=`. As all readers here, throws RequestError 400 that names the field. */
export function readAgent (query: Fields): string | undefined {
  return optionalText(query, 'agent')
}

/** Reads `?peer=`: a DID or a name. */
export function readPeer (query: Fields): string {
  const peer = optionalText(query, 'peer')
  if (peer === undefined || peer === '') throw badRequest('"peer" must be the DID or the name of a node: /api/v1/why?peer=NAME.')
  return peer
}

/** The id of the last event that a listener got: as browsers send it, or as `?after=`. */
export function readAfter ({ headers, query }: { readonly headers: IncomingHttpHeaders, readonly query: Fields }): string | undefined {
  const last = headers['last-event-id']
  return typeof last === 'string' ? last : optionalText(query, 'after')
}

/** Reads `{"peer": DID or name}`, for trusting and not trusting it. */
export function readTrust (body: unknown): string {
  const peer = optionalText(objectOf(body), 'peer')
  if (peer === undefined || peer === '') throw badRequest('"peer" must be the DID or the name of a node.')
  return peer
}

/** Reads `{"entries": [{"kind"?, "body"}]}`. Sizes and names are for the journal to check. */
export function readAppend (body: unknown): NewEntry[] {
  const { entries } = objectOf(body)
  if (!Array.isArray(entries) || entries.length === 0) throw badRequest('"entries" must be a list of at least one entry.')
  return entries.map((item: unknown, index) => {
    const fields = objectOf(item, `entries[${index}]`)
    if (!('body' in fields)) throw badRequest(`entries[${index}] has no "body".`)
    const kind = optionalText(fields, 'kind')
    return kind === undefined ? { body: fields.body } : { kind, body: fields.body }
  })
}

/** Reads `?limit=&reverse=1&since=&kind=`. */
export function readReadOptions (query: Fields): ReadOptions {
  const limit = optionalText(query, 'limit')
  const reverse = optionalText(query, 'reverse')
  if (limit !== undefined && !/^\d{1,9}$/.test(limit)) throw badRequest('"limit" is not a whole number.')
  return {
    reverse: reverse === '1' || reverse === 'true',
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...readTailOptions(query)
  }
}

/** Reads `?since=&kind=`. */
export function readTailOptions (query: Fields): Pick<ReadOptions, 'since' | 'kind'> {
  const since = optionalText(query, 'since')
  const kind = optionalText(query, 'kind')
  return { ...(since === undefined ? {} : { since }), ...(kind === undefined ? {} : { kind }) }
}

function objectOf (value: unknown, place = 'The body'): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw badRequest(`${place} is not a JSON object (send it with content-type application/json).`)
}

function optionalText (fields: Fields, name: string): string | undefined {
  const value = fields[name]
  if (value === undefined || typeof value === 'string') return value
  throw badRequest(`"${name}" is not a single text.`)
}
