/** Publishes the simulated readings of all families for the time since its last run. */
import { producedRecord } from '../../lib/cloudevents/writer.ts'
import { Connections } from '../../lib/connections.ts'
import { generatorSettings } from '../../lib/domain/telemetry/simulator/settings.ts'
import { ticksDue } from '../../lib/domain/telemetry/simulator/ticks.ts'
import { simulate } from '../../lib/domain/telemetry/simulator.ts'
import { topicName } from '../../lib/domain/topics.ts'
import { scheduled } from '../../lib/scheduled.ts'

export const handler = scheduled('generator', Connections, async ({ config, connections, scheduledFor }) => {
  const settings = generatorSettings(await connections.parameter(config.generatorParameter))
  const cursor = await connections.cursor(`generator:${config.env}:${settings.seed}`)
  const due = ticksDue(await cursor.read(), Date.parse(scheduledFor), settings)
  const topic = topicName('readings', config.env)
  const readings = [...simulate(settings, due.from, due.until)]
  const publisher = await connections.publisher()
  await publisher.publish(
    readings.map(({ key, event }) => producedRecord(topic, key, event, config.contentMode)),
  )
  // Only now: a run that fails before is repeated, and its readings are the same events with the same ids.
  await cursor.advance(due.until - 1)
  return { readings: readings.length, ticks: due.until - due.from, skippedTicks: due.skipped }
})
