/** Publishes simulated readings of all families for the time since the last run. */

import { readGeneratorSettings } from '../../lib/app/connections/generator-settings.ts'
import { getDataWriter } from '../../lib/app/data/data-writer.ts'
import { scheduledFunction } from '../../lib/app/handlers/scheduled-function.ts'
import { FAMILIES, GENERATOR, PARTITION_KEY, REGISTRY, SERIALIZATION } from '../../lib/app/settings/index.ts'
import { publishDueReadings } from '../../lib/telemetry/simulator/generator.ts'

export const handler = scheduledFunction(
  'generator',
  [FAMILIES, GENERATOR, PARTITION_KEY, SERIALIZATION, REGISTRY],
  async ({ config, connections, scheduledFor }) => {
    const settings = await readGeneratorSettings(config, connections)
    return publishDueReadings(config.families, settings, Date.parse(scheduledFor), {
      lastTick: await connections.value<number>(`generator:${config.env}:${settings.seed}`),
      writer: await getDataWriter(config, config.families.readingTypes),
      publisher: await connections.publisher(),
      topic: config.names.topicName('readings', config.env),
      contentMode: config.contentMode,
    })
  },
)
