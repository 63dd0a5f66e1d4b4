import { MetricUnit } from '@aws-lambda-powertools/metrics'
import middy from '@middy/core'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { addPublishing } from '../adapters/lambda/measurements.ts'
import { createTelemetry, inEnvironment, logsContext } from '../adapters/lambda/telemetry.ts'
import type { GeneralSettings } from '../settings/general.ts'
import { type CombinedParts, readSettings } from '../settings/read-settings.ts'
import type { Slice } from '../settings/slice.ts'
import { once } from '../waiting/index.ts'
import type { InvocationContext, ScheduledHandler } from './handler-types.ts'
import type { KafkaClients } from './kafka-clients.ts'

/** Context of a scheduled function. Connections are made on first use. */
export interface Scheduled<Connections, Config> {
  readonly config: Config
  readonly connections: Connections
  /**
   * Time at which the schedule fired, RFC 3339. A retry of the run has the same time. If no schedule called the function, this is
   * the current time.
   */
  readonly scheduledFor: string
  /** True if a schedule called the function, false if an operator or a program did. */
  readonly isScheduled: boolean
  /** The remaining time of the invocation, in milliseconds. */
  readonly remainingMs: () => number
  /** Returns the current time, in milliseconds since the epoch. */
  readonly nowMs: () => number
  readonly telemetry: ScheduledTelemetry
  /** Logger and metrics, for a function with additional reports. */
  readonly powertools: ReturnType<typeof createTelemetry>
}

/** Additional telemetry of a scheduled function. */
interface ScheduledTelemetry {
  /**
   * Logs a warning.
   *
   * @param details fields of the log line, including its `kind`; must not contain payloads
   */
  warn(message: string, details: Record<string, unknown>): void
  /** Records a count metric for the function as a whole. */
  count(name: string, count: number): void
}

/** Part of a schedule's event that is read. */
type Trigger = Partial<Pick<ScheduledEvent, 'time' | 'detail-type'>>

/** Causes a compile error unless the slices contain all needed settings. */
type Sufficient<Slices extends readonly Slice[], Needed> =
  CombinedParts<Slices> extends Needed ? unknown : never

/**
 * Creates a schedule-triggered handler that logs the return value of `run`. The handler's `start` does the initialization that is
 * needed once per cold start, and rejects if the function cannot run.
 *
 * @param Reached class of the function's connections. The bundle contains only the clients of this class.
 * @param slices settings that the function reads; no other settings are required
 * @param application name of the application
 */
export function createScheduledHandler<
  Connections extends Pick<KafkaClients, 'afterInvocation' | 'onPublished'>,
  Needed,
  const Slices extends readonly Slice[],
>(
  name: string,
  Reached: new (config: Needed, clientId: string) => Connections,
  slices: Slices & Sufficient<Slices, Needed & GeneralSettings>,
  run: (runtime: Scheduled<Connections, CombinedParts<Slices>>) => Promise<object>,
  application: string,
): ScheduledHandler {
  const powertools = createTelemetry(name, application)
  const { logger, metrics } = powertools
  const telemetry: ScheduledTelemetry = {
    warn: (message, details) => logger.warn(message, details),
    count: (metric, count) => metrics.addMetric(metric, MetricUnit.Count, count),
  }
  let publishedMs: number[] = []
  const start = once(async () => {
    const config = readSettings(slices as Slices) as CombinedParts<Slices> & Needed & GeneralSettings
    inEnvironment(metrics, config.env)
    const connections = new Reached(config, `${application}-${name}`)
    connections.onPublished = ms => void publishedMs.push(ms)
    return { config, connections }
  })
  const invoke = middy<Trigger, object, Error, Context>()
    .use(logsContext(logger))
    .handler(async (event, context) => {
      const { config, connections } = await start()
      const scheduledFor = event?.time ?? new Date().toISOString()
      const isScheduled = event?.['detail-type'] === 'Scheduled Event'
      const remainingMs = () => context.getRemainingTimeInMillis()
      const pendingResult = run({
        config,
        connections,
        scheduledFor,
        isScheduled,
        remainingMs,
        nowMs: Date.now,
        telemetry,
        powertools,
      })
      const result = await pendingResult.finally(async () => {
        addPublishing(metrics, publishedMs)
        publishedMs = []
        if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
        await connections.afterInvocation(config)
      })
      logger.info('done', { result })
      return result
    })
  // Only Powertools reads more of the context than an `InvocationContext` has, and Lambda always passes the whole.
  const handler = (event: Trigger, context: InvocationContext) => invoke(event, context as Context)
  return Object.assign(handler, { start })
}
