/** Publishes a reading that a user enters as a CloudEvent. Available only on a local stack. */
import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { maxLength, minLength, pipe, string } from 'valibot'
import { leaveAudit } from '../../lib/operations/audit.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { simulated } from '../../lib/telemetry/simulator.ts'
import { toJsonEvent } from '../../packages/runtime/cloudevents/json-format.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError, problemOf } from './problem.ts'
import { type Delivery, publishReading, writtenEvent } from './publish-reading.ts'
import { asked, changed } from './route.ts'

const READING = {
  event: pipe(
    string('must be a text'),
    minLength(1, 'must not be empty'),
    maxLength(1024 * 1024, 'must have at most 1,048,576 characters'),
  ),
}

export function writingRoutes(environment: ConsoleEnvironment) {
  return {
    '/writing': asked({}, async () => ({ example: exampleAt(Date.now()) })),
    'POST /writing/readings': changed(READING, ({ event }, { name }) => published(environment, event, name)),
  }
}

export function localOnly({ isLocal }: Pick<ConsoleEnvironment, 'isLocal'>): MiddlewareHandler {
  return async (_, next) => {
    if (!isLocal)
      throw new ProblemError(
        'forbidden',
        'This environment is deployed. Readings can be published on a local stack only.',
      )
    await next()
  }
}

/** Returns a reading of a simulated sensor as JSON. It has no id and no time, which are added when it is published. */
function exampleAt(nowMs: number): string {
  const settings = { ...GENERATOR_DEFAULTS, anomalyRate: 0 }
  const [sensor] = settings.fleet
  if (!sensor) return ''
  const { event } = simulated(settings, sensor, Math.floor(nowMs / (settings.tickSeconds * 1000)))
  return JSON.stringify(
    { ...toJsonEvent(event), id: undefined, time: undefined, traceparent: undefined },
    null,
    2,
  )
}

async function published(environment: ConsoleEnvironment, text: string, by: string): Promise<Delivery> {
  const startedAt = instant(Date.now())
  const event = writtenEvent(text, { id: randomUUID(), time: startedAt })
  const delivery = await publishReading(event, environment)
  const { id, topic, partition, offset } = delivery
  try {
    await leaveAudit(await environment.publisher(), environment.config, {
      ...{ action: 'publish', by, startedAt, endedAt: instant(Date.now()), operation: randomUUID() },
      filter: { topic, partition: String(partition), offset: String(offset), id },
      counts: { published: 1 },
    })
  } catch (error) {
    const { message } = problemOf(error)
    throw new ProblemError(
      'unavailable',
      `The reading was published, but its audit event could not be written: ${message}`,
    )
  }
  return delivery
}
