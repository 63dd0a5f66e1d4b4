/** Answers that several people watch: each question is asked once for all of them, and only while somebody watches. */

/** What a watcher is told: JSON of the answer or of the problem, and only where it has changed. */
export type Tell = (json: string) => void

interface Watched {
  readonly watchers: Set<Tell>
  /** Ends the pause between two questions; absent while one is on its way. */
  pause?: AbortController
  last: string | undefined
}

export class SharedAnswers {
  readonly #watched = new Map<string, Watched>()
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>

  /** @param wait resolves after this time, or early when the signal is aborted */
  constructor(wait: (ms: number, signal: AbortSignal) => Promise<void>) {
    this.#wait = wait
  }

  /**
   * Tells the answer now, and from then on whenever it changes.
   *
   * @param key two questions with the same key have the same answer
   * @param ask never called again before it has answered
   * @returns ends it
   */
  watch(key: string, ask: () => Promise<string>, everyMs: number, tell: Tell): () => void {
    const known = this.#watched.get(key)
    const watched: Watched = known ?? { watchers: new Set(), last: undefined }
    watched.watchers.add(tell)
    if (watched.last !== undefined) tell(watched.last)
    if (!known) {
      this.#watched.set(key, watched)
      void this.#keepAsking(key, watched, ask, everyMs)
    }
    return () => {
      watched.watchers.delete(tell)
      if (watched.watchers.size === 0) watched.pause?.abort()
    }
  }

  /** A question that nobody waits for any more goes on: those who come before its answer join it, instead of asking again. */
  async #keepAsking(
    key: string,
    watched: Watched,
    ask: () => Promise<string>,
    everyMs: number,
  ): Promise<void> {
    while (watched.watchers.size > 0) {
      const json = await ask()
      if (json !== watched.last) {
        watched.last = json
        for (const tell of watched.watchers) tell(json)
      }
      if (watched.watchers.size === 0) break
      watched.pause = new AbortController()
      await this.#wait(everyMs, watched.pause.signal)
      delete watched.pause
    }
    this.#watched.delete(key)
  }
}
