import type { DataWriter } from '../cloudevents/data-writer.ts'
import type { Application } from '../consumer/application.ts'
import { isAllJson, UnusableSerialization } from '../consumer/serialization.ts'
import { ConfigError } from '../settings/config-error.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { RegistrySettings } from '../settings/registry.ts'
import type { SerializationSettings } from '../settings/serialization.ts'

export type WritingSettings = GeneralSettings & SerializationSettings & RegistrySettings

/**
 * What writes the data of events under these settings. Undefined if it is all JSON; no code of the other formats is then loaded.
 *
 * @param types the event types that will be written; by default all whose data is not always JSON
 * @throws ConfigError if SERIALIZATION cannot be followed; RegistryUnavailableError
 */
export async function dataWriterIn(
  application: Pick<Application, 'serializedTypes' | 'packagedSchema' | 'schemaSubjects'>,
  { env, serialization, registry }: WritingSettings,
  types?: readonly string[],
): Promise<DataWriter | undefined> {
  if (isAllJson(serialization)) return undefined
  const { dataWriter, registered } = await import('../adapters/registry/data-writer.ts')
  try {
    const ids = registry && (await registered(registry))
    return await dataWriter({ application, env, serialization, ...(ids ? { registry: ids } : {}) }, types)
  } catch (error) {
    if (!(error instanceof UnusableSerialization)) throw error
    throw new ConfigError('the environment', [error.message])
  }
}
