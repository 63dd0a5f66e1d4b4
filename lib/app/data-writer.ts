/** Writers of event data, for functions and commands that publish without the engine. */
import { type DataWriter, JSON_WRITER } from '../../packages/runtime/cloudevents/data-writer.ts'
import { dataWriterIn, type WritingSettings } from '../../packages/runtime/lambda/data-writer.ts'
import { SERIALIZING } from './serializing.ts'

const WRITERS = new WeakMap<WritingSettings, Promise<DataWriter>>()

/**
 * Returns the writer for these settings, which is created once per settings object. After a failure, the next call tries again.
 *
 * @param types event types that will be written; by default all types whose data is not always JSON
 * @throws ConfigError if SERIALIZATION is invalid
 * @throws Unavailable if a registry is needed and does not answer
 */
export function dataWriterOf(config: WritingSettings, types?: readonly string[]): Promise<DataWriter> {
  const known = WRITERS.get(config)
  if (known) return known
  const made = dataWriterIn(SERIALIZING, config, types).then(writer => writer ?? JSON_WRITER)
  WRITERS.set(config, made)
  made.catch(() => WRITERS.delete(config))
  return made
}
