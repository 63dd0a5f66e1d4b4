/** Whether Kafka answers a producer, for its reports about events that it could not deliver. */
import { brokersAnswer } from '../adapters/kafka/availability.ts'
import type { Clock } from '../adapters/system.ts'

/** Time of failed attempts before a warning. */
const WARN_AFTER_MS = 3_000

export class Trouble {
  readonly #clock: Clock
  readonly #warn: (line: string) => void
  #sinceMs: number | undefined
  #isTold = false
  #last: string | undefined

  constructor(clock: Clock, warn: (line: string) => void = () => {}) {
    this.#clock = clock
    this.#warn = warn
  }

  /** Kafka has answered. */
  passed(): void {
    this.#sinceMs = undefined
    this.#last = undefined
    this.#isTold = false
  }

  /** Counts a failed call. Warns once, after some seconds of failures. */
  failed(cause: unknown): void {
    const nowMs = this.#clock.nowMs()
    this.#sinceMs ??= nowMs
    this.#last = textOf(cause) ?? this.#last
    if (this.#isTold || nowMs - this.#sinceMs < WARN_AFTER_MS) return
    this.#isTold = true
    this.#warn(`Warning: ${this.#last}: events wait, and are sent once it does`)
  }

  /** Reason why an event is not delivered before the end. */
  get reason(): string {
    return this.#last ?? 'Kafka has not acknowledged it yet'
  }
}

/** `Kafka does not answer at HOST:PORT`; undefined for an answer, whose own text says more. */
function textOf(cause: unknown): string | undefined {
  if (brokersAnswer(cause) !== undefined) return undefined
  const broker = brokerOf(cause)
  return `Kafka does not answer${broker === undefined ? '' : ` at ${broker}`}`
}

/** The library notes the address in the innermost error. */
function brokerOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { broker, address, port } = error as { broker?: unknown; address?: unknown; port?: unknown }
  if (typeof broker === 'string') return broker
  return typeof address === 'string' ? `${address}:${port}` : brokerOf(error.cause)
}
