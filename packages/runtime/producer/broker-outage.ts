/** Tracks whether Kafka responds to a producer, for the reports of events that could not be delivered. */
import { brokersAnswer } from '../adapters/kafka/availability.ts'
import { serverUnavailable } from '../adapters/server-failure.ts'
import type { Clock } from '../adapters/system.ts'

/** Duration of consecutive failures after which a warning is logged, in milliseconds. */
const WARN_AFTER_MS = 3_000

export class BrokerOutage {
  readonly #clock: Clock
  readonly #warn: (line: string) => void
  #sinceMs: number | undefined
  #isTold = false
  #last: string | undefined

  constructor(clock: Clock, warn: (line: string) => void = () => {}) {
    this.#clock = clock
    this.#warn = warn
  }

  /** Notes that Kafka has responded. */
  noteSuccess(): void {
    this.#sinceMs = undefined
    this.#last = undefined
    this.#isTold = false
  }

  /** Notes a failed call. Logs one warning after several seconds of failures. */
  noteFailure(cause: unknown): void {
    const nowMs = this.#clock.nowMs()
    this.#sinceMs ??= nowMs
    this.#last = describeCause(cause) ?? this.#last
    if (this.#isTold || nowMs - this.#sinceMs < WARN_AFTER_MS) return
    this.#isTold = true
    this.#warn(`Warning: ${this.#last}. Events wait until Kafka answers`)
  }

  /** Reason why an event was not delivered before the producer was closed. */
  get reason(): string {
    return this.#last ?? 'Kafka has not acknowledged it yet'
  }
}

/** Returns the failure of the connection; undefined if the broker has answered, because its answer is more specific. */
function describeCause(cause: unknown): string | undefined {
  return brokersAnswer(cause) === undefined ? serverUnavailable('kafka', cause).words.happened : undefined
}
