import { configureDataReader } from '#runtime/lambda/configured-reader.ts'
import { once } from '#runtime/lambda/once.ts'
import type { PlainReader } from '#runtime/pipeline/decoding/index.ts'
import type { RegistrySettings } from '#runtime/settings/index.ts'
import { APPLICATION } from './application.ts'
import type { MappingSettings } from './settings/index.ts'

type Settings = RegistrySettings & Partial<Pick<MappingSettings, 'mappingsDir' | 'topicMappings'>>

/**
 * Returns a reader for the data of all event types. It uses the configured schema registry, or else the packaged schemas. If the
 * settings name a folder of mappings, it also reads foreign records from the mapped topics.
 *
 * @param foreign reader for foreign records, used instead of the mappings
 */
export function dataReader(config: Settings, foreign?: PlainReader['foreign']): PlainReader {
  const reader = configureDataReader(APPLICATION, config)
  const { mappingsDir, topicMappings: named = [] } = config
  const ofTopics = async () => {
    if (mappingsDir === undefined) return undefined
    const { topicMappings } = await import('./topic-mappings.ts')
    return topicMappings({ mappingsDir, topicMappings: named })
  }
  return {
    foreign: foreign ?? once(ofTopics),
    read: (event, record) => reader.read(event, record),
    prepare: records => reader.prepare(records),
  }
}
