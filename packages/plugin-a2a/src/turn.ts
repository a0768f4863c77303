import type { Message } from '@a2a-js/sdk'
import type { AgentExecutionEvent } from '@a2a-js/sdk/server'
import type { Dispatch } from './task-record.ts'

/** One message on its way through its agent, in this process. Those who send it again wait here. */
export class Turn {
  readonly hash: string
  /** Resolves, to the task's id, with the agent's first event or its end; rejects when the message was refused before the agent got it. */
  readonly first: Promise<string>
  /** Once the agent has it. */
  dispatch: Dispatch | undefined
  /** What it answered, if that is no task. */
  answer: Message | undefined
  #resolve: (taskId: string) => void = () => {}
  #reject: (reason: unknown) => void = () => {}

  constructor (hash: string) {
    this.hash = hash
    this.first = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.first.catch(() => {})
  }

  /** The agent says something. */
  saw (event: AgentExecutionEvent): void {
    if (event.kind === 'message') this.answer ??= event.data
    this.ended()
  }

  ended (): void {
    if (this.dispatch !== undefined) this.#resolve(this.dispatch.taskId)
  }

  refused (reason: unknown): void {
    this.#reject(reason)
  }
}

/** Where the turn of a call is kept in its context. */
export const turnKey = 'akshi-turn'
