/** Counts deliveries and keeps the latencies of the newest batches. Pure: time is an argument. */

/** Counters since the producer was created. */
export interface ProducerMetrics {
  /** Number of events that Kafka has acknowledged. */
  readonly messages_sent: number
  /** Size of the acknowledged batches as sent, in bytes: compressed, with the headers of batches, each batch once. */
  readonly bytes_sent: number
  /** Number of events whose delivery failed. */
  readonly errors: number
  /** Number of retries of batches. */
  readonly retries: number
  /**
   * Time from the first attempt to send a batch to its acknowledgement, in milliseconds, over the newest thousand acknowledged batches.
   * Half of them took at most `p50`, and 99 in 100 at most `p99`. 0 before the first acknowledgement.
   */
  readonly latency_ms: { readonly p50: number; readonly p99: number }
}

/** Number of batches whose latencies are kept. */
const KEPT_BATCHES = 1_000

export class ProducerCounters {
  errors = 0
  retries = 0
  #messages = 0
  #bytes = 0
  /** Latencies of the newest batches. A new one replaces the oldest. */
  readonly #latenciesMs: number[] = []
  #batches = 0

  addDelivered(messages: number, bytes: number, latencyMs: number): void {
    this.#messages += messages
    this.#bytes += bytes
    this.#latenciesMs[this.#batches++ % KEPT_BATCHES] = latencyMs
  }

  snapshot(): ProducerMetrics {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b)
    const findQuantile = (part: number) =>
      Number((sorted[Math.ceil(sorted.length * part) - 1] ?? 0).toFixed(1))
    return {
      messages_sent: this.#messages,
      bytes_sent: this.#bytes,
      errors: this.errors,
      retries: this.retries,
      latency_ms: { p50: findQuantile(0.5), p99: findQuantile(0.99) },
    }
  }
}
