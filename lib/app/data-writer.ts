/** Writers of the events of Sluice, for functions and commands that publish without the engine. */
import { type DataWriter, JSON_WRITER } from '../../packages/runtime/cloudevents/data-writer.ts'
import { dataWriterIn, type WritingSettings } from '../../packages/runtime/lambda/data-writer.ts'
import { SERIALIZING } from './serializing.ts'

const WRITERS = new WeakMap<WritingSettings, Promise<DataWriter>>()

/**
 * The writer for these settings, made once for each object of them. What fails is tried again with the next call.
 *
 * @param types the event types that will be written; by default all whose data is not always JSON
 * @throws ConfigError if SERIALIZATION cannot be followed; Unavailable if a registry is needed and does not answer
 */
export function dataWriterOf(config: WritingSettings, types?: readonly string[]): Promise<DataWriter> {
  const known = WRITERS.get(config)
  if (known) return known
  const made = dataWriterIn(SERIALIZING, config, types).then(writer => writer ?? JSON_WRITER)
  WRITERS.set(config, made)
  made.catch(() => WRITERS.delete(config))
  return made
}
