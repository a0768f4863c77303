import { Type } from '@akshi/core'

/** The schema of `[plugins.config]`. */
export const Config = Type.Object({
  dir: Type.String({
    minLength: 1,
    description: 'The folder with a file for each node. A relative path starts at the home of the node.'
  }),
  interval_secs: Type.Number({
    default: 10,
    minimum: 0.05,
    description: 'How often the folder is looked at.'
  })
}, { additionalProperties: false })
