/** Writers of event data, for functions and commands that publish without the engine. */
import { type DataWriter, JSON_WRITER } from '#runtime/cloudevents'
import { configureDataWriter, type WritingSettings } from '#runtime/functions/writing'
import type { Vocabulary } from '../naming/names.ts'
import { createSerializing } from './serialized-types.ts'

const WRITERS = new WeakMap<WritingSettings, Promise<DataWriter>>()

/**
 * Returns the data writer for these settings. It is created once per settings object; if this fails, the next call tries again.
 *
 * @param types event types that the caller writes. Defaults to all types whose data can be in a format other than JSON.
 * @throws ConfigError if SERIALIZATION is invalid
 * @throws Unavailable if the schema registry is needed and does not answer
 */
export function getDataWriter(
  config: WritingSettings & Vocabulary,
  types?: readonly string[],
): Promise<DataWriter> {
  const cachedWriter = WRITERS.get(config)
  if (cachedWriter) return cachedWriter
  const newWriter = configureDataWriter(createSerializing(config), config, types).then(
    writer => writer ?? JSON_WRITER,
  )
  WRITERS.set(config, newWriter)
  newWriter.catch(() => WRITERS.delete(config))
  return newWriter
}
