/** Returns failed records to their consumer, as a redriver does: the next attempt, or the end of the failure. */
import { isFailure } from '../../cloudevents/event.ts'
import { readEvent } from '../../cloudevents/reader.ts'
import { createRedrivenRecord } from '../../cloudevents/redriven-record.ts'
import { writeEvent } from '../../cloudevents/writer.ts'
import type { Application } from '../../consumer/application.ts'
import type { Event } from '../../consumer/event.ts'
import { type FailureData, failureId, originalPosition } from '../../consumer/failure-event.ts'
import { computeDigest } from '../../pipeline/model/fingerprint.ts'
import type { Simulation } from './simulation.ts'

const MINUTE_MS = 60_000
/** Probability that a failure is redriven. Otherwise its retries end. */
const REDRIVEN = 0.7
const MOST_ATTEMPTS = 5
/** Longest time until a failure is redriven while faults strike, in minutes. */
const LATEST = 10

interface Redriving {
  /** Probability that a failure is redriven; 0.7 by default. */
  readonly redriven?: number
  /** Interval between two runs of the redriver, in milliseconds; a minute by default. */
  readonly everyMs?: number
  /** Probability that a failure is neither redriven nor ends; 0 by default. */
  readonly lost?: number
}

/** Adds a schedule that redrives the records of a topic of failures, some of them after a while. */
export function addRedrives(
  simulation: Simulation,
  application: Application,
  failuresTopic: string,
  { redriven = REDRIVEN, lost = 0, everyMs = MINUTE_MS }: Redriving = {},
): void {
  const random = simulation.chance.stream('redrives')
  let next = 0
  simulation.conditions.push(() =>
    next < simulation.log.all(failuresTopic, 0).length ? 'failures are not redriven' : undefined,
  )
  simulation.addSchedule('redriver', everyMs, async () => {
    const failed = simulation.log.all(failuresTopic, 0).slice(next)
    next += failed.length
    for (const record of failed) {
      const event = readEvent(record)
      if (isFailure(event)) continue
      const failure = event.data as FailureData
      if (random.chance(lost)) continue
      const isRedriven = random.chance(redriven) && (failure.attempt < MOST_ATTEMPTS || redriven === 1)
      const back = createComingBack(application, failure, isRedriven)
      const waitMs = (simulation.chance.isCalm ? 0 : random.between(0, LATEST)) * MINUTE_MS
      if (back)
        simulation.comes(simulation.nowMs + waitMs, `redrive of ${event.id}`, () => {
          simulation.log.append(failure.originalTopic, failure.originalPartition, back)
        })
    }
  })
}

function createComingBack(application: Application, failure: FailureData, isRedriven: boolean) {
  if (isRedriven && failure.omitted.length === 0) return createRedrivenRecord(failure)
  const { failureEndedType } = application
  return failureEndedType === undefined
    ? undefined
    : writeEvent(createFailureEnded(failureEndedType, failure))
}

/** Returns the event that marks a failure as ended, so that it is not retried any more. */
export function createFailureEnded(type: string, failed: FailureData): Event {
  const { consumer, attempt } = failed
  const failure = failureId(consumer, originalPosition(failed))
  const { key, value, headers } = createRedrivenRecord(failed)
  return {
    id: `ended ${failure} ${attempt}`,
    source: '/retries',
    type,
    datacontenttype: 'application/json',
    data: {
      consumer,
      failure,
      digest: computeDigest({ key, value, headers }),
      attempt,
      because: 'it is not retried',
    },
  }
}
