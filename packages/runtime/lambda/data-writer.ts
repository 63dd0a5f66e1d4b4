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
 * Returns the writer for the data of events under these settings. Undefined if all are JSON; no code of the other formats is then
 * loaded.
 *
 * @param types the event types that will be written; by default all whose data is not always JSON
 * @param withinMs milliseconds for the answers of a registry; by default each has the time that the client gives it
 * @throws ConfigError if SERIALIZATION cannot be followed; Unavailable if a registry is needed and does not answer
 */
export async function dataWriterIn(
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

/** Upper bound for what a registry is asked before a batch. It is less than the reserve of an invocation. */
const BATCH_WAITS_MS = 2_500

/** How a batch is processed: by a consumer that can write, or not at all. */
export interface Ready {
  readonly consumer: Consumer
  /** Why its records must wait; absent if they need not. */
  readonly unavailable?: Unavailable
}

/**
 * The consumer with what writes its emissions. A registry that did not answer is asked again with the next call.
 *
 * @returns a function that rejects with a ConfigError if SERIALIZATION cannot be followed
 */
export function readyToWrite(
  consumer: Consumer,
  application: Parameters<typeof dataWriterIn>[0],
  config: WritingSettings,
): () => Promise<Ready> {
  const complete = once(async (): Promise<Ready> => {
    // Sinks emit nothing but failures, and those are JSON.
    const dataWriter =
      'onEvent' in consumer.process
        ? await dataWriterIn(application, config, undefined, BATCH_WAITS_MS)
        : undefined
    return { consumer: dataWriter ? { ...consumer, dataWriter } : consumer }
  })
  return () =>
    complete().catch(error => {
      if (error instanceof Unavailable) return { consumer, unavailable: error }
      throw error
    })
}
