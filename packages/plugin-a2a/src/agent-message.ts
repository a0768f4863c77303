import type { Message } from '@a2a-js/sdk'

const roleAgent = 2

/** A message that an agent's node says in its place. */
export function textMessage (messageId: string, place: Pick<Message, 'taskId' | 'contextId'>, text: string): Message {
  return {
    ...place,
    messageId,
    role: roleAgent,
    parts: [{ content: { $case: 'text', value: text }, mediaType: 'text/plain', filename: '', metadata: undefined }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: []
  }
}
