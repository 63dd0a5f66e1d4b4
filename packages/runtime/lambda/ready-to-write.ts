/** Adds the writer of event data to a consumer before a batch. */
import type { Consumer } from '../pipeline/consumer.ts'
import { Unavailable } from '../pipeline/errors.ts'
import { configureDataWriter, type WritingSettings } from '../settings/configured-writer.ts'
import { once } from '../waiting/index.ts'

/** Time limit for requests to a registry before a batch, in milliseconds. It is less than the time that an invocation reserves. */
const BATCH_WAITS_MS = 2_500

/** A consumer that is ready to process a batch, or the reason why the batch must wait. */
export interface Ready {
  readonly consumer: Consumer
  /** Reason why the records must wait; absent if the consumer is ready. */
  readonly unavailable?: Unavailable
}

/**
 * Returns a function that adds the data writer to a consumer before a batch. If a registry did not respond, the next call tries
 * again.
 *
 * @returns a function that resolves to the consumer, and rejects with a ConfigError if SERIALIZATION cannot be applied
 */
export function readyToWrite(consumer: Consumer, config: WritingSettings): () => Promise<Ready> {
  const complete = once(async (): Promise<Ready> => {
    // Sinks emit only failures, which are always JSON.
    const dataWriter =
      'onEvent' in consumer.process
        ? await configureDataWriter(consumer.application, config, undefined, BATCH_WAITS_MS)
        : undefined
    return { consumer: dataWriter ? { ...consumer, dataWriter } : consumer }
  })
  return () =>
    complete().catch(error => {
      if (error instanceof Unavailable) return { consumer, unavailable: error }
      throw error
    })
}
