import { configureDataReader } from '#runtime/functions/consumers'
import type { DataReader } from '#runtime/pipeline'
import type { RegistrySettings } from '#runtime/settings'
import { createWholeEvents, type Vocabulary } from '../naming/names.ts'
import { withEmptyCollections } from './empty-collections.ts'
import { createSerializing } from './serialized-types.ts'

/** Returns a reader for the data of all event types. It uses the configured schema registry, or else the packaged schemas. */
export function dataReader(config: RegistrySettings & Vocabulary): DataReader {
  return configureDataReader(
    { ...createSerializing(config), withEmptyCollections, takesWholeEvents: createWholeEvents(config.names) },
    config,
  )
}
