import { AgentEvent, type AgentExecutor, type ExecutionEventBus, type RequestContext } from '@a2a-js/sdk/server'
import type { Part, Task, TaskState } from '@a2a-js/sdk'

const [working, completed, failed, canceled, inputRequired] = [2, 3, 4, 5, 6] as const

/**
 * An agent that does what it is told. It answers with an artifact of the text it got; `wait` works until it is canceled or told to go
 * on, `say` answers with a message, `ask` wants more, `throw` throws, `size` tells how much it got.
 */
export class EchoAgent implements AgentExecutor {
  /** Who sent what, in order: `<DID> <text>`. */
  readonly got: { readonly caller: string | undefined, readonly text: string, readonly messageId: string, readonly headers: unknown }[] = []
  readonly #waiting = new Map<string, (state: TaskState) => void>()
  #awaited: { readonly count: number, readonly resolve: () => void } | undefined

  readonly execute = async (request: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { userMessage, taskId, contextId, task, context } = request
    const text = textOf(userMessage.parts)
    this.got.push({ caller: context.user?.userName, text: text.slice(0, 100), messageId: userMessage.messageId, headers: context.state.get('headers') })
    if (text === 'say') return bus.publish(AgentEvent.message({ messageId: 'answer', role: 2, parts: [textPart('said')], contextId, taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [] }))
    if (text === 'throw') throw new Error('as told')
    const status = (state: TaskState) => ({ state, message: undefined, timestamp: new Date().toISOString() })
    const begun: Task = { id: taskId, contextId, status: status(working), artifacts: task?.artifacts ?? [], history: task?.history ?? [userMessage], metadata: undefined }
    bus.publish(AgentEvent.task(begun))
    const update = (state: TaskState) => bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: status(state), metadata: undefined }))
    if (text === 'ask') return update(inputRequired)
    if (text === 'wait') {
      const state = await this.#wait(taskId)
      if (state === canceled) return
      if (state === failed) return update(failed)
    }
    const answer = text === 'size' ? String(JSON.stringify(userMessage.parts).length) : text.length > 1_000 ? `${text.length} characters` : text
    for (const [index, word] of answer.split(/(?= )/).entries()) {
      bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact: { artifactId: 'echo', name: '', description: '', parts: [textPart(word)], metadata: undefined, extensions: [] }, append: index > 0, lastChunk: false, metadata: undefined }))
    }
    update(completed)
  }

  readonly cancelTask = async (taskId: string, bus: ExecutionEventBus): Promise<void> => {
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status: { state: canceled, message: undefined, timestamp: new Date().toISOString() }, metadata: undefined }))
    this.#waiting.get(taskId)?.(canceled)
  }

  /** Lets all go on that wait. */
  goOn (state: TaskState = completed): void {
    for (const resolve of this.#waiting.values()) resolve(state)
  }

  /** Resolves when so many wait. */
  waiting (count = 1): Promise<void> {
    if (this.#waiting.size >= count) return Promise.resolve()
    return new Promise((resolve) => { this.#awaited = { count, resolve } })
  }

  async #wait (taskId: string): Promise<TaskState> {
    try {
      return await new Promise((resolve) => {
        this.#waiting.set(taskId, resolve)
        if (this.#waiting.size >= (this.#awaited?.count ?? Infinity)) this.#awaited?.resolve()
      })
    } finally {
      this.#waiting.delete(taskId)
    }
  }
}

function textPart (value: string): Part {
  return { content: { $case: 'text', value }, mediaType: 'text/plain', filename: '', metadata: undefined }
}

export function textOf (parts: readonly Part[]): string {
  return parts.map(({ content }) => content?.$case === 'text' ? content.value : '').join('')
}
