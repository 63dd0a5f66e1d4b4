/** A schema registry client that pauses after a failure, so that a slow registry does not use up invocations. */
import { isRegistryError, RegistryClient, type RegistryLogin, type Schema } from '@sluice/schema-registry'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import { within } from '../../waiting/index.ts'
import { serverUnavailable } from '../server-failure.ts'

export interface RegistryPlace {
  readonly url: string
  /** Returns the credentials. Called before the first request and after a failed request, because credentials can change. */
  readonly login?: () => Promise<RegistryLogin>
  /** Time limit for one schema with all its references, in milliseconds; 2,000 by default. */
  readonly answerWithinMs?: number
  /**
   * Time limit for all schemas of a chunk, in milliseconds; 2,500 by default. It must be less than the time
   * that an invocation reserves.
   */
  readonly allWithinMs?: number
}

const ANSWER_WITHIN_MS = 2_000
/** Shortest and longest pause, in milliseconds. The pause doubles with each consecutive failure. */
const SHORTEST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000

export class GuardedRegistry {
  readonly #place: RegistryPlace
  readonly #nowMs: () => number
  #client: Promise<RegistryClient> | undefined
  #failures = 0
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  /** Last failure. It is thrown again during the pause. */
  #failure: Unavailable | undefined

  constructor(place: RegistryPlace, nowMs: () => number) {
    this.#place = place
    this.#nowMs = nowMs
  }

  /**
   * Returns the schema with this id or GUID; undefined if the registry has none. Rejects with `Unavailable`, or with
   * the RegistryError `unusable-schema`, in which case the registry works and other schemas can be requested.
   */
  async schema(id: number | string, withinMs: number): Promise<Schema | undefined> {
    if (this.#failure && this.#nowMs() < this.#pausedUntilMs) throw this.#failure
    try {
      this.#client ??= this.#connect()
      const beganMs = performance.now()
      const client = await awaitCredentials(withinMs, this.#client)
      const schema = await client.schema(id, withinMs - (performance.now() - beganMs))
      this.#failures = 0
      return schema
    } catch (error) {
      if (isRegistryError(error, 'unusable-schema')) {
        this.#failures = 0
        throw error
      }
      this.#client = undefined
      this.#pause()
      this.#failure = registryUnavailable(error)
      throw this.#failure
    }
  }

  async #connect(): Promise<RegistryClient> {
    const { url, login, answerWithinMs = ANSWER_WITHIN_MS } = this.#place
    return new RegistryClient(url, omitUndefined({ answerWithinMs, login: await login?.() }))
  }

  /** Starts a pause. Concurrent failures count once. */
  #pause(): void {
    if (this.#nowMs() < this.#pausedUntilMs) return
    const pauseMs = Math.min(MAX_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#pausedUntilMs = this.#nowMs() + pauseMs
  }
}

/**
 * Waits for the credentials of a registry, at most `ms`. The limit is needed because the SDK may wait for a secret longer than an
 * invocation lasts.
 */
export function awaitCredentials<T>(ms: number, work: Promise<T>): Promise<T> {
  return within(ms, work, () => new Error(`its credentials are not available within ${Math.round(ms)} ms`))
}

/** Returns the error for a failed request. Only an error of the registry itself says what to do. */
export function registryUnavailable(error: unknown): Unavailable {
  if (isRegistryError(error)) return serverUnavailable('registry', error)
  const message = `the request to the schema registry failed: ${(error as Error).message}`
  return new Unavailable('registry-unavailable', message, { cause: error })
}
