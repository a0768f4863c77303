/** The parts of the A2A SDK that a node with agents uses. */
export interface Sdk {
  readonly base: typeof import('@a2a-js/sdk')
  readonly server: typeof import('@a2a-js/sdk/server')
  readonly client: typeof import('@a2a-js/sdk/client')
  readonly web: typeof import('@a2a-js/sdk/server/express')
  readonly errors: typeof import('@a2a-js/sdk/errors')
  readonly express: typeof import('express')
}

let loading: Promise<Sdk> | undefined

/** Loads the SDK at the first call: a node without agents that nobody asks for one never does. */
export function loadSdk (): Promise<Sdk> {
  loading ??= importAll()
  return loading
}

async function importAll (): Promise<Sdk> {
  const [base, server, client, web, errors, express] = await Promise.all([
    import('@a2a-js/sdk'), import('@a2a-js/sdk/server'), import('@a2a-js/sdk/client'), import('@a2a-js/sdk/server/express'), import('@a2a-js/sdk/errors'), import('express')
  ])
  return { base, server, client, web, errors, express: express.default as unknown as Sdk['express'] }
}
