import { Type } from '@akshi/core'

/** The keys of the plugin under `[plugins.config]`. */
export const A2aConfig = Type.Object({
  url_hosts: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
    default: ['127.0.0.1', '[::1]', 'localhost'],
    description: 'Hosts that the url of an agent may name; by default this machine alone. Messages go there as they are, so keep to machines you trust as this one.'
  }),
  max_message_bytes: Type.Integer({ minimum: 1_024, maximum: 67_108_864, default: 8_388_608, description: 'Larger messages are refused, in both directions.' }),
  max_tasks_bytes: Type.Integer({ minimum: 1_048_576, default: 67_108_864, description: 'What tasks of this node\'s agents may take in memory, and as much on disk; the oldest that have ended give way.' }),
  queue_hours: Type.Number({ minimum: 0, maximum: 168, default: 24, description: 'How long a message to an agent waits whose node cannot be met. 0: it is refused instead.' }),
  keep_hours: Type.Number({ minimum: 24, maximum: 8_760, default: 48, description: 'How long it is remembered which messages were given to an agent: one that comes again within this time is not given to it twice.' })
}, { additionalProperties: false })
