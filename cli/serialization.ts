/** The option by which commands that publish choose how data is written. */
import { UnencodableError } from '@sluice/schema-registry'
import type { Config } from '../lib/app/config.ts'
import { dataWriterOf } from '../lib/app/data-writer.ts'
import type { DataWriter } from '../packages/runtime/cloudevents/data-writer.ts'
import type { Event } from '../packages/runtime/consumer/event.ts'
import type { Serialization } from '../packages/runtime/consumer/serialization.ts'
import { Unavailable } from '../packages/runtime/pipeline/errors.ts'
import { SERIALIZATION_KIND } from '../packages/runtime/settings/serialization.ts'
import { option } from './command.ts'
import { CliFailure } from './failure.ts'
import { harmless } from './text-width.ts'

export const SERIALIZATION_OPTION = option(
  '<formats>',
  'how data is written, such as avro, or avro,environment=json (default: SERIALIZATION, else json)',
  SERIALIZATION_KIND,
)

/**
 * Returns the writer for the data of events. It throws a CliFailure for an event that it cannot write.
 *
 * @param chosen what the option says; undefined: as the settings say
 * @throws ConfigError for a name that no event type has; CliFailure if a schema registry is set, and does not answer
 */
export async function writerFor(config: Config, chosen: Serialization | undefined): Promise<DataWriter> {
  try {
    const writer = await dataWriterOf(chosen === undefined ? config : { ...config, serialization: chosen })
    return { write: event => writtenBy(writer, event) }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    throw new CliFailure(`Nothing was published: ${error.message}`, 1, { cause: error })
  }
}

/** The event as it is written. @throws CliFailure if its data does not fit its schema, such as an integer of more than 32 bits */
function writtenBy(writer: DataWriter, event: Event): Event {
  try {
    return writer.write(event)
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error
    throw new CliFailure(`Event ${harmless(event.id)} cannot be written: ${error.message}`, 1, {
      cause: error,
    })
  }
}
