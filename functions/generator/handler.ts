/** Publishes simulated readings of all families for the time since the last run. */

import { getDataWriter } from '../../lib/app/data-writer.ts'
import { NAME } from '../../lib/app/name.ts'
import { generatorSettings } from '../../lib/app/settings/generator.ts'
import {
  GENERAL,
  GENERATOR,
  KAFKA,
  PARTITION_KEY,
  REDIS,
  REGISTRY,
  SERIALIZATION,
} from '../../lib/app/settings/index.ts'
import { topicName } from '../../lib/app/topics.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { splitTicks, ticksDue } from '../../lib/telemetry/simulator/ticks.ts'
import { simulate } from '../../lib/telemetry/simulator.ts'
import { toOutgoingRecord } from '../../packages/runtime/cloudevents/writer.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { createScheduledHandler } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = createScheduledHandler(
  'generator',
  Connections,
  [GENERAL, KAFKA, REDIS, GENERATOR, PARTITION_KEY, SERIALIZATION, REGISTRY],
  async ({ config, connections, scheduledFor }) => {
    const { generatorParameter: name, generatorFile: file, generatorDefaults: defaults } = config
    const chosen = file
      ? await (await import('../../lib/app/generator-settings.ts')).generatorSettingsIn(file, defaults)
      : generatorSettings(await connections.parameter(name), name && `parameter ${name}`, defaults)
    const settings = { ...chosen, ...(config.keyBy && { keyBy: config.keyBy }) }
    const last = await connections.value<number>(`generator:${config.env}:${settings.seed}`)
    const due = ticksDue(await last.read(), Date.parse(scheduledFor), settings)
    const writer = await getDataWriter(config, READING_TYPES)
    const publisher = await connections.publisher()
    const topic = topicName('readings', config.env)
    let count = 0
    for (const { from, until } of splitTicks(due, settings.fleet.length)) {
      const readings = [...simulate(settings, from, until)]
      await publisher.publish(
        readings.map(({ key, event }) => {
          return toOutgoingRecord(topic, key, writer.write(event), config.contentMode)
        }),
      )
      // Store the last tick after publishing. If the run fails in between, the next run publishes the same events with the same ids.
      await last.update((known = -1) => Math.max(known, until - 1))
      count += readings.length
    }
    return { readings: count, ticks: due.until - due.from, skippedTicks: due.skipped }
  },
  NAME,
)
