import middy from '@middy/core'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { logsContext, telemetryOf } from './adapters/lambda/telemetry.ts'
import { type Config, readConfig } from './config.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { once } from './once.ts'

/** What a scheduled function works with; it connects on first use. */
export interface Scheduled<Connections> {
  readonly config: Config
  readonly connections: Connections
  /** RFC 3339: when the schedule fired, which a repeated run shares with the first; the present where none did. */
  readonly scheduledFor: string
}

/**
 * A schedule-triggered handler; what `run` returns is logged as the run's result. Its `start` does what an invocation does only
 * once, and rejects where the function cannot work.
 *
 * @param Reached what the function connects to: its bundle has no more clients than that
 */
export function scheduled<Connections extends KafkaConnections>(
  name: string,
  Reached: new (config: Config, name: string) => Connections,
  run: (runtime: Scheduled<Connections>) => Promise<object>,
) {
  const { logger } = telemetryOf(name)
  const start = once(async () => {
    const config = readConfig()
    return { config, connections: new Reached(config, name) }
  })
  const handler = middy<ScheduledEvent, object, Error, Context>()
    .use(logsContext(logger))
    .handler(async event => {
      const { config, connections } = await start()
      const scheduledFor = event?.time ?? new Date().toISOString()
      const done = run({ config, connections, scheduledFor })
      const result = await done.finally(() => connections.afterInvocation(config))
      logger.info('done', { result })
      return result
    })
  return Object.assign(handler, { start })
}
