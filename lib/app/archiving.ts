/** Application of the archiver, which reads every record without understanding it. */
import type { Application } from '#runtime/consumer/application.ts'
import type { SegmentSink } from '#runtime/consumer/segment-sink.ts'
import type { RegistrySettings } from '#runtime/settings/registry.ts'
import { archiver } from '../history/archiver.ts'
import { APPLICATION } from './application.ts'
import { dataReader } from './data-reader.ts'
import { type HistorySettings, historyStore, tableOfTopic } from './history.ts'
import type { MappingSettings } from './settings/index.ts'

/** Type of the events that stand for records. It exists only within the archiver. */
const RECORD_TYPE = 'record'

const RECORD = { id: 'record', source: '/record', type: RECORD_TYPE }

const { erasureType: _, failureEndedType: __, ...OTHERS } = APPLICATION

/**
 * Replaces the event in each record, so that nothing in it can fail, be ignored as a repeat, or act on the archiver. All records
 * are decided with the reason `archived`, once their segment is written.
 */
export const ARCHIVING: Application = {
  ...OTHERS,
  ignoredTypes: new Map([[RECORD_TYPE, 'archived']]),
  readsMalformed: true,
  readForeign: () => RECORD,
  readData: ({ data }) => ({ kind: 'data', data }),
}

type Settings = HistorySettings & RegistrySettings & Pick<MappingSettings, 'mappingsDir' | 'topicMappings'>

/**
 * Creates the archiver.
 *
 * @throws ConfigError if no bucket is configured
 */
export async function deployedArchiver(config: Settings): Promise<SegmentSink> {
  return archiver({
    name: 'archiver',
    store: await historyStore(config),
    reader: dataReader(config),
    tableOfTopic,
  })
}
