/** Opens the history of an environment, and creates the archiver that writes it. */
import type { SegmentSink } from '../../packages/runtime/consumer/segment-sink.ts'
import type { RegistrySettings } from '../../packages/runtime/settings/registry.ts'
import { archiver } from '../history/archiver.ts'
import { type HistoryTable, signalOfTable, tableOf } from '../history/tables.ts'
import { dataReader } from './data-reader.ts'
import { type HistorySettings, historyStore } from './history-store.ts'
import type { MappingSettings } from './settings/index.ts'
import { type Signal, signalIn, topicsOf } from './topics.ts'

/** Returns the signals and sub-signals that a table of the history contains. */
export function signalsOfTable(table: HistoryTable): readonly Signal[] {
  return topicsOf([signalOfTable(table)])
}

/** Returns the table of the history that contains a Kafka topic, of any environment. */
export function tableOfTopic(topic: string): HistoryTable | undefined {
  const signal = signalIn(topic)
  return signal && tableOf(signal)
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
