import type { RequestListener } from 'node:http'

/** Who may call a route: anybody, the operator with the token on this machine, or a trusted peer with its certificate. */
export type RouteAccess = 'open' | 'local' | 'mesh'

export interface MountedRoute {
  /** Starts with a slash; the listener gets every request at or below it, with the path unchanged. */
  readonly path: string
  readonly access: RouteAccess
  readonly listener: RequestListener
}

/**
 * Routes that plugins add to the node's one port. The HTTP plugin checks the access of a request before the listener
 * sees it, and puts the DID that the caller has proven, trusted or not, into the header `x-akshi-peer`, which nobody else
 * can set. Mount in `setup`, or at any time before a request should find it.
 */
export class HttpRoutes {
  #state: { baseUrl: string | undefined, routes: readonly MountedRoute[] } = { baseUrl: undefined, routes: [] }
  #changed = (route: MountedRoute) => route

  /** Where the local API answers, e.g. `http://127.0.0.1:3210`; set by the HTTP plugin while it listens. */
  get baseUrl (): string | undefined { return this.#state.baseUrl }
  set baseUrl (url: string | undefined) { this.#state.baseUrl = url }

  /** Adds a route. Of two that match, the longer path wins. Throws `TypeError` for a path that is mounted already. */
  mount (route: MountedRoute): void {
    const { routes } = this.#state
    if (!route.path.startsWith('/')) throw new TypeError(`Route path "${route.path}" must start with a slash`)
    if (routes.some(({ path }) => path === route.path)) throw new TypeError(`Route "${route.path}" is mounted already`)
    this.#state.routes = [...routes, this.#changed(route)].toSorted((a, b) => b.path.length - a.path.length)
  }

  /** The route for a path, if any. */
  find (path: string): MountedRoute | undefined {
    return this.#state.routes.find((route) => path === route.path || path.startsWith(route.path.endsWith('/') ? route.path : `${route.path}/`))
  }

  /** The same routes, where what is mounted is changed first. */
  through (change: (route: MountedRoute) => MountedRoute): HttpRoutes {
    const same = new HttpRoutes()
    same.#state = this.#state
    same.#changed = change
    return same
  }
}
