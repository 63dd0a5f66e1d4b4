/** Writers for the data of a function's events. */
import type { DataWriter } from '../cloudevents/data-writer.ts'
import type { Application } from '../consumer/application.ts'
import { isAllJson } from '../consumer/serialization.ts'
import type { Consumer } from '../pipeline/consumer.ts'
import { Unavailable } from '../pipeline/errors.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { RegistrySettings } from '../settings/registry.ts'
import type { SerializationSettings } from '../settings/serialization.ts'
import { once } from './once.ts'

export type WritingSettings = GeneralSettings & SerializationSettings & RegistrySettings

/**
 * Returns the writer for event data under these settings; undefined if all data is JSON, in which case no code of other formats is
 * loaded.
 *
 * @param types event types that will be written; by default, all types whose data is not always JSON
 * @param withinMs time limit for requests to a registry, in milliseconds; by default, the limit of the registry client
 * @throws ConfigError if SERIALIZATION cannot be applied; Unavailable if a registry is needed and does not respond
 */
export async function configureDataWriter(
  application: Pick<Application, 'serializedTypes' | 'packagedSchema' | 'schemaSubjects' | 'remedies'>,
  { env, serialization, registry }: WritingSettings,
  types?: readonly string[],
  withinMs?: number,
): Promise<DataWriter | undefined> {
  if (isAllJson(serialization)) return undefined
  const { dataWriter, schemaIds } = await import('../adapters/registry/data-writer.ts')
  const ids = registry && (await schemaIds(registry, withinMs))
  return dataWriter({ application, env, serialization, ...(ids ? { registry: ids } : {}) }, types)
}

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
