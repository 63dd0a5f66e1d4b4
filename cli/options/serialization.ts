/** Option of publishing commands that selects how data is encoded. */
import { UnencodableError } from '@sluice/schema-registry'
import type { DataWriter } from '#runtime/cloudevents'
import type { Event, Serialization } from '#runtime/consumer'
import { Unavailable } from '#runtime/pipeline'
import { SERIALIZATION } from '#runtime/settings'
import type { Config } from '../../control/environment/config.ts'
import { getDataWriter } from '../../lib/app/data/data-writer.ts'
import { CliFailure } from '../failure.ts'
import { escapeText } from '../output/text-width.ts'
import { settingOption } from '../setting-options.ts'

export const SERIALIZATION_OPTION = settingOption(SERIALIZATION.settings, 'SERIALIZATION')

/**
 * Returns a writer that encodes event data. The writer throws a CliFailure for an event that it cannot encode.
 *
 * @param chosen value of the option; by default, the settings are used
 * @throws ConfigError for an unknown event type
 * @throws CliFailure if a configured schema registry does not answer
 */
export async function createWriter(config: Config, chosen?: Serialization): Promise<DataWriter> {
  try {
    const writer = await getDataWriter(chosen === undefined ? config : { ...config, serialization: chosen })
    return { write: event => writeEvent(writer, event) }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    throw new CliFailure(`Nothing was published: ${error.message}`, 1, { cause: error })
  }
}

/**
 * Returns the event with encoded data.
 *
 * @throws CliFailure if the data does not match its schema, such as an integer of more than 32 bits
 */
function writeEvent(writer: DataWriter, event: Event): Event {
  try {
    return writer.write(event)
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error
    throw new CliFailure(`Event ${escapeText(event.id)} cannot be written: ${error.message}`, 1, {
      cause: error,
    })
  }
}
