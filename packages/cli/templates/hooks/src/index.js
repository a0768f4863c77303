import { definePlugin, Type } from '@akshi/core'

const name = '__name__'

const Config = Type.Object({
  words: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'What no entry of this node may hold.'
  })
}, { additionalProperties: false })

/** The plugin: taps hooks and adds no part. */
export default definePlugin({
  name,
  apiVersion: 1,
  config: Config,
  setup: ({ config: { words }, hooks, logger }) => {
    hooks.onPeerDiscovered.tap(name, (peer) => logger.info('hello', { name: peer.name, trust: peer.trust }))
    hooks.beforeWrite.tap(name, ({ body }) => {
      const found = words.find((word) => JSON.stringify(body)?.includes(word))
      if (found !== undefined) return { reason: `${name}: it holds "${found}"` }
    })
    return {}
  }
})
