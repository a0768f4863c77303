import { fieldOf } from './json-field.ts'

/** What an answer, or an event in it, says of a task. */
export interface TaskNews {
  readonly taskId?: string
  /** In the words of A2A 0.3: `input-required`. */
  readonly state?: string
  readonly output?: string
  /** Text that continues the output. */
  readonly appended?: string
  readonly error?: string
}

const maxChars = 8_388_608

/** Reads along in an answer of an agent, JSON or server-sent events, A2A 1.0 or 0.3. What it does not understand is nobody's loss. */
export class AnswerReader {
  readonly #report: (news: TaskNews) => void
  readonly #decoder = new TextDecoder()
  #text = ''
  #isStream = false

  constructor (report: (news: TaskNews) => void) {
    this.#report = report
  }

  add (chunk: string | Uint8Array, contentType: string): void {
    this.#isStream ||= contentType.startsWith('text/event-stream')
    this.#text += typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true })
    if (this.#isStream) this.#readLines()
    if (this.#text.length > maxChars) this.#text = ''
  }

  end (): void {
    if (!this.#isStream) this.#read(this.#text)
  }

  #readLines (): void {
    const lines = this.#text.split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) this.#read(line.slice(5))
  }

  #read (text: string): void {
    const news = parseNews(text)
    if (news !== undefined) this.#report(news)
  }
}

function parseNews (text: string): TaskNews | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    const error = fieldOf(answer, 'error')
    if (error !== undefined) return { state: 'failed', error: String(fieldOf(error, 'message')) }
    return newsOf(fieldOf(answer, 'result') ?? answer)
  } catch {
    return undefined
  }
}

function newsOf (result: unknown): TaskNews | undefined {
  const kind = fieldOf(result, 'kind')
  const part = (name: string, legacy: string) => fieldOf(result, name) ?? (kind === legacy ? result : undefined)
  const task = part('task', 'task') ?? (fieldOf(result, 'status') !== undefined && kind === undefined ? result : undefined)
  const update = part('statusUpdate', 'status-update')
  const artifact = part('artifactUpdate', 'artifact-update')
  const message = part('message', 'message')
  if (task !== undefined) return { taskId: String(fieldOf(task, 'id')), state: stateOf(task), ...errorOf(task), ...outputOf(fieldOf(task, 'artifacts')) }
  if (update !== undefined) return { taskId: String(fieldOf(update, 'taskId')), state: stateOf(update), ...errorOf(update) }
  if (artifact !== undefined) {
    const text = textOf(fieldOf(artifact, 'artifact'))
    return { taskId: String(fieldOf(artifact, 'taskId')), ...fieldOf(artifact, 'append') === true ? { appended: text } : { output: text } }
  }
  return message === undefined ? undefined : { state: 'completed', output: textOf(message) }
}

function stateOf (holder: unknown): string {
  return String(fieldOf(fieldOf(holder, 'status'), 'state')).replace('TASK_STATE_', '').toLowerCase().replaceAll('_', '-')
}

/** Why it failed, if the agent says. */
function errorOf (holder: unknown): { readonly error?: string } {
  const text = textOf(fieldOf(fieldOf(holder, 'status'), 'message'))
  return text !== '' && /^(failed|rejected|canceled)$/.test(stateOf(holder)) ? { error: text } : {}
}

function outputOf (artifacts: unknown): { readonly output?: string } {
  return Array.isArray(artifacts) && artifacts.length > 0 ? { output: artifacts.map(textOf).join('\n') } : {}
}

function textOf (holder: unknown): string {
  const parts = fieldOf(holder, 'parts')
  return Array.isArray(parts) ? parts.map((part) => String(fieldOf(part, 'text') ?? '')).join('') : ''
}
