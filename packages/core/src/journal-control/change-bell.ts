import type { Journals } from '../journal/journals.ts'

/** Rings when a journal grows, or at the end. */
export class ChangeBell {
  readonly #stop: () => void
  #rung = false
  #wake: (() => void) | undefined

  constructor (journals: Journals, name: string, end: AbortSignal) {
    const ring = () => {
      this.#rung = true
      this.#wake?.()
    }
    const unsubscribe = journals.onChange((feed) => { if (feed.id.journal === name) ring() })
    end.addEventListener('abort', ring)
    this.#stop = () => {
      unsubscribe()
      end.removeEventListener('abort', ring)
    }
  }

  /** Forgets the rings so far. */
  reset (): void {
    this.#rung = false
  }

  /** Resolves at the next ring, at once if there was one since `reset`. */
  rung (): Promise<void> {
    return this.#rung ? Promise.resolve() : new Promise((resolve) => { this.#wake = resolve })
  }

  /** Whoever makes a bell stops it. */
  stop (): void {
    this.#stop()
  }
}
