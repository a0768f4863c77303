import express, { type Express, type RequestHandler } from 'express'
import { maxRequestBytes, splitItems, type Clock, type NodeControl } from '@akshi/core'
import { expectType, readBody } from './body.ts'
import { readAppend, readReadOptions, readTailOptions } from './local-request.ts'
import { sendItems, sendTail } from './local-streams.ts'
import { sendJson } from './reply.ts'

/** What stands before and after the routes of `NodeControl`. */
export interface RouteFrame {
  /** Lets the operator through. */
  readonly guard: RequestHandler
  /** Refuses every other method. */
  readonly noOther: (allow: string) => RequestHandler
}

/** The routes of one journal: `/api/v1/journals/...`. */
export function addJournalRoutes (app: Express, control: NodeControl, clock: Clock, { guard, noOther }: RouteFrame): void {
  const json = express.json({ limit: maxRequestBytes, type: ['application/json', 'application/merge-patch+json'] })
  const answer = (make: (name: string, request: express.Request) => unknown): RequestHandler =>
    async (request, response) => sendJson(response, 200, await make(String(request.params.name), request))

  app.route('/api/v1/journals/:name/entries').all(guard)
    .get(answer((name, { query }) => control.read(name, readReadOptions(query))))
    .post(json, answer((name, { body }) => control.append(name, readAppend(body))))
    .all(noOther('GET, HEAD, POST'))
  app.route('/api/v1/journals/:name/state').all(guard)
    .get(answer((name) => control.state(name)))
    .patch(json, answer((name, { body }) => control.patchState(name, body)))
    .all(noOther('GET, HEAD, PATCH'))
  app.route('/api/v1/journals/:name/stats').all(guard)
    .get(answer((name) => control.stats(name)))
    .all(noOther('GET, HEAD'))
  app.route('/api/v1/journals/:name/tail').all(guard).head(noOther('GET'))
    .get(({ params, query }, response) => sendTail(response, control, String(params.name), readTailOptions(query), clock))
    .all(noOther('GET'))
  app.route('/api/v1/journals/:name/export').all(guard).head(noOther('GET'))
    .get(({ params }, response) => sendItems(response, control.exportItems(String(params.name))))
    .all(noOther('GET'))
  app.route('/api/v1/journals/import').all(guard)
    .post(async (request, response) => {
      expectType(request, 'application/cbor-seq')
      sendJson(response, 200, await control.importItems(splitItems(await readBody(request, maxRequestBytes))))
    })
    .all(noOther('POST'))
}
