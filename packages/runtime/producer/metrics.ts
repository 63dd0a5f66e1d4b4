import type { ProducerSettings } from '../settings/producer.ts'

type Codec = ProducerSettings['compression']

/** Counters and statistics since the producer was created. */
export interface ProducerMetrics {
  /** Number of events that Kafka has acknowledged. */
  readonly messages_sent: number
  /** Bytes of the acknowledged batches as sent, without retries. */
  readonly bytes_sent: number
  /** Number of events whose delivery failed. */
  readonly errors: number
  /** Number of retries of batches. */
  readonly retries: number
  /** Time from the first record of a batch to its acknowledgement, for the last thousand batches, in milliseconds. */
  readonly latency_ms: Latency
  /** Ratio of uncompressed to compressed size, by codec. */
  readonly compression_ratio: Readonly<Partial<Record<Codec, number>>>
}

/** Latency percentiles, in milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

interface SentBatch {
  readonly facts: { readonly count: number; readonly plainBytes: number }
  readonly bytes: number
  /** Compressed size of the batch's records, in bytes. */
  readonly recordBytes: number
}

const KEPT = 1_000

export class MetricsCounter {
  #messages = 0
  #bytes = 0
  #errors = 0
  #retries = 0
  readonly #latencies: number[] = []
  #at = 0
  readonly #sizes = new Map<Codec, { plain: number; sent: number }>()

  delivered(codec: Codec, { facts, bytes, recordBytes }: SentBatch, latencyMs: number): void {
    this.#messages += facts.count
    this.#bytes += bytes
    this.#latencies[this.#at] = latencyMs
    this.#at = (this.#at + 1) % KEPT
    const sizes = this.#sizes.get(codec) ?? { plain: 0, sent: 0 }
    sizes.plain += facts.plainBytes
    sizes.sent += recordBytes
    this.#sizes.set(codec, sizes)
  }

  failed(count: number): void {
    this.#errors += count
  }

  retried(): void {
    this.#retries++
  }

  snapshot(): ProducerMetrics {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
    const ratios = [...this.#sizes].map(([codec, { plain, sent }]) => [codec, plain / sent])
    return {
      messages_sent: this.#messages,
      bytes_sent: this.#bytes,
      errors: this.#errors,
      retries: this.#retries,
      latency_ms: { p50: at(0.5), p99: at(0.99), max: at(1) },
      compression_ratio: Object.fromEntries(ratios),
    }
  }
}
