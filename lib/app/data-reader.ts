import { dataReaderOf } from '../../packages/runtime/lambda/data-reader.ts'
import { once } from '../../packages/runtime/lambda/once.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import type { RegistrySettings } from '../../packages/runtime/settings/registry.ts'
import { APPLICATION } from './application.ts'
import type { MappingSettings } from './settings/index.ts'

type Settings = RegistrySettings & Partial<Pick<MappingSettings, 'mappingsDir' | 'topicMappings'>>

/**
 * Reads the data of any event of Sluice, with the configured schema registry or else with the packaged schemas; and records of
 * foreign forms by the mappings of their topic, if the settings name the folder.
 *
 * @param foreign reads foreign records instead
 */
export function dataReader(config: Settings, foreign?: PlainReader['foreign']): PlainReader {
  const reader = dataReaderOf(APPLICATION, config)
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
