/**
 * Owns every `await` of a port: a call begins, and its caller goes on, only when the schedule says so. Code between two calls runs
 * without interruption.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** Code that runs beside other code: an invocation, a scheduled run, or an operation of a person. */
export interface Actor {
  readonly name: string
  isEnded: boolean
  isKilled: boolean
  /** Error with which it has ended. */
  error?: unknown
}

/** A call that waits for its turn. */
export interface Waiting {
  readonly actor: Actor
  readonly what: string
  /** Time before which it must not go on, in milliseconds since the epoch. */
  readonly dueMs: number
  readonly goOn: () => void
}

/** The actor of the code that runs. One storage for all simulations, because each further one makes every context larger. */
const ACTORS = new AsyncLocalStorage<Actor>()
/** Number of immediates after which an actor is taken to wait for another one. */
const MOST_IMMEDIATES = 1_000

export class Turns {
  #waiting: readonly Waiting[] = []

  get waiting(): readonly Waiting[] {
    return this.#waiting
  }

  /** Starts the work, and resolves when it waits for its first turn or has ended. */
  async begin(name: string, work: () => Promise<void>): Promise<Actor> {
    const actor: Actor = { name, isEnded: false, isKilled: false }
    const end = (error?: unknown) => Object.assign(actor, { isEnded: true, error })
    ACTORS.run(actor, work).then(() => end(), end)
    await this.#settle(actor)
    return actor
  }

  /** Waits for a turn of the code that calls. For a killed actor, the turn never comes. Code outside of all actors does not wait. */
  async take(what: string, dueMs = Number.NEGATIVE_INFINITY): Promise<void> {
    const actor = ACTORS.getStore()
    if (!actor) return
    await new Promise<void>(goOn => {
      if (!actor.isKilled) this.#waiting = [...this.#waiting, { actor, what, dueMs, goOn }]
    })
  }

  /** Lets a call go on, until its actor waits for its next turn or has ended. */
  async resume(chosen: Waiting): Promise<void> {
    this.#waiting = this.#waiting.filter(waiting => waiting !== chosen)
    chosen.goOn()
    await this.#settle(chosen.actor)
  }

  /** Ends an actor between two calls, as a kill ends a process. */
  kill(actor: Actor): void {
    actor.isKilled = true
    this.#waiting = this.#waiting.filter(waiting => waiting.actor !== actor)
  }

  /**
   * Waits until an actor can go on no further. An immediate runs when no promise is left to be settled. Code that waits for
   * another actor is not waited for.
   */
  async #settle(actor: Actor): Promise<void> {
    for (let turns = 0; turns < MOST_IMMEDIATES; turns += 1) {
      await new Promise(setImmediate)
      if (actor.isEnded || this.#waiting.some(waiting => waiting.actor === actor)) return
    }
  }
}
