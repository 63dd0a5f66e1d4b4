/** Runs the fuzzing producer, which sends every kind of record that Kafka accepts. The ledger only counts these records. */
import { javaLines } from '../fuzz/java.ts'
import { sentOf } from '../fuzz/observed.ts'

const RECORDS_PER_SECOND = 100
/** Longer than any run, because the run stops the producer. */
const FOR_MS = 24 * 60 * 60_000

interface Setting {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly seed: number
  readonly without: readonly string[]
  readonly signal: AbortSignal
}

export class Noise {
  /** The acknowledged and committed records, as `partition/offset`. */
  readonly acknowledged = new Set<string>()
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>

  constructor(setting: Setting) {
    this.#ended = this.#listen(setting)
    // Errors are reported when the end is awaited.
    this.#ended.catch(() => {})
  }

  /** Stops the producer and waits for its end. Rejects if it has failed. */
  async end(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async #listen({ brokers, topic, seed, without, signal }: Setting): Promise<void> {
    const kinds = without.length === 0 ? {} : { without: without.join(',') }
    const args = {
      brokers: brokers.join(','),
      topic,
      seed,
      forMs: FOR_MS,
      rate: RECORDS_PER_SECOND,
      ...kinds,
    }
    const run = { program: 'FuzzProducer', args, heap: 768, signal, stop: this.#stop.signal } as const
    for await (const fields of javaLines(run)) {
      const sent = sentOf(fields)
      if (sent !== undefined && sent !== 'refused' && sent.how === 'ack')
        this.acknowledged.add(`${sent.partition}/${sent.offset}`)
    }
  }
}
