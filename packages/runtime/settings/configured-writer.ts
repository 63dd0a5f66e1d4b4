/** Creates the writer of event data that settings select. */
import type { DataWriter } from '../cloudevents/data-writer.ts'
import type { Application } from '../consumer/application.ts'
import { isAllJson } from '../consumer/serialization.ts'
import type { GeneralSettings } from './general.ts'
import type { RegistrySettings } from './registry.ts'
import type { SerializationSettings } from './serialization.ts'

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
