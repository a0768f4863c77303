import { describeError } from '@akshi/core'

/** @import { Observation } from '@akshi/core' */
/** @import { RedisPlace } from './redis-place.js' */

/**
 * Settings that make Redis keep what it has acknowledged, and what comes of others.
 *
 * @type {readonly { readonly name: string, readonly isGood: (value: string) => boolean, readonly value: string, readonly because: string }[]}
 */
const wanted = [
  { name: 'appendonly', isGood: (value) => value === 'yes', value: 'yes', because: 'it forgets what it was given when it stops; nodes bring it again' },
  { name: 'appendfsync', isGood: (value) => value === 'always', value: 'always', because: 'it forgets the last second when its machine loses power; nodes bring it again' },
  { name: 'maxmemory-policy', isGood: (value) => value === 'noeviction' || value.startsWith('volatile'), value: 'noeviction', because: 'it throws journals away when its memory is full' }
]

/**
 * What `akshi doctor` says of the Redis: whether it answers, and whether it keeps what it is given.
 *
 * @param {RedisPlace} place
 * @returns {Promise<readonly Observation[]>}
 */
export async function redisCheck (place) {
  try {
    const values = await Promise.all(wanted.map(({ name }) => place.setting(name)))
    const bad = wanted.flatMap(({ name, isGood, value, because }, index) => {
      const now = values[index]
      if (now === undefined || isGood(now)) return []                               // hosted ones do not say
      /** @type {Observation} */
      const warning = { level: 'warning', message: `${place.title} has ${name} = ${now}: ${because}`, fix: `${place.command} CONFIG SET ${name} ${value}` }
      return [warning]
    })
    return bad.length > 0 ? bad : [{ level: 'ok', message: `${place.title} answers` }]
  } catch (error) {
    return [{ level: 'failure', message: `${place.title} does not answer: ${describeError(error)}`, fix: `${place.command} PING` }]
  }
}
