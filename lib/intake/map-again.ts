/** Maps the stored bytes of a failed record of an input again, with the mappings of now. */
import {
  type Application,
  type Event,
  type Failure,
  type FailureData,
  failure,
  instant,
} from '#runtime/consumer/index.ts'
import type { Consumer } from '#runtime/pipeline/consumer.ts'
import { type Decoded, decode } from '#runtime/pipeline/decoding/index.ts'
import { unpreparedIn } from '#runtime/pipeline/errors.ts'
import { restoreFailedRecord } from '#runtime/pipeline/outbox/index.ts'
import type { KeyStrategy } from '../telemetry/key.ts'
import { chooseTarget, intake, type Target } from './intake.ts'
import { createRecordReader, type LoadedInputs } from './read-record.ts'

/** Event of a failed record, and where it is appended. */
export interface MappedAgain extends Target {
  readonly kind: 'event'
  readonly event: Event
}

/** What `intake` decides records with. */
export interface RetryPlan extends Pick<Consumer, 'futureToleranceMs' | 'earliestTimeMs' | 'reader'> {
  readonly inputs: LoadedInputs
  readonly application: Application
  readonly keyBy?: KeyStrategy | undefined
}

/**
 * Returns the function that decides a failed record as `intake` would, at its original position. The event has the id of that
 * position. An error of a mapping is a failure, as in the pipeline. The function throws `Unavailable` if the schema of the data
 * cannot be fetched now.
 */
export function createMapAgain({ inputs, keyBy, application, ...limits }: RetryPlan) {
  const process = intake([...inputs.values()], keyBy)
  const consumer = {
    ...limits,
    process,
    application: { ...application, readForeign: createRecordReader(inputs) },
  }
  return async (failed: FailureData, nowMs: number): Promise<MappedAgain | Failure> => {
    const decoded = await decodeAgain({ ...restoreFailedRecord(failed), readAtMs: nowMs }, consumer)
    if (decoded.kind === 'failed') return decoded.failure
    if (decoded.kind === 'ignored') return failure('mapping-failed', 'it is no event that an input brings')
    const { timeMs: _, entity: __, ...received } = decoded.event
    const event = { ...received, time: received.time ?? instant(failed.originalTimestamp) }
    return { kind: 'event', event, ...chooseTarget(received, keyBy) }
  }
}

async function decodeAgain(...[record, consumer]: Parameters<typeof decode>): Promise<Decoded> {
  try {
    return decode(record, consumer)
  } catch (error) {
    if (!unpreparedIn(error)) throw error
    await consumer.reader?.prepare([record])
    return decode(record, consumer)
  }
}
