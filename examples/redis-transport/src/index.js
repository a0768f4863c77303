import { definePlugin } from '@akshi/core'
import { RedisConfig } from './config.js'
import { redisCheck } from './redis-check.js'
import { RedisPlace } from './redis-place.js'
import { SharedTransport } from './shared-transport.js'

/** The plugin: one Redis as a transport that reaches everybody who can use it. */
export default definePlugin({
  name: 'redis',
  apiVersion: 1,
  config: RedisConfig,
  setup: ({ config: { url, prefix }, identity: { did }, settings: { meshId }, logger, checks }) => {
    const place = new RedisPlace({ url, prefix, meshId, did, logger })
    checks.add('redis', () => redisCheck(place))
    return { transport: new SharedTransport({ name: 'redis', meshId, place }) }
  }
})
