/** Retries failed records of inputs: their stored bytes are mapped again, and nothing is written into the input. */
import { estimateSize, type OutgoingRecord, toOutgoingRecord } from '#runtime/cloudevents/index.ts'
import { type Failure, type FailureData, failure } from '#runtime/consumer/index.ts'
import { CONSUMER_DEFAULTS, type Consumer } from '#runtime/pipeline/consumer.ts'
import { ConfigError, type RegistrySettings } from '#runtime/settings/index.ts'
import { INTAKE } from '../intake/input.ts'
import { createMapAgain } from '../intake/map-again.ts'
import { FileError } from '../support/file-errors.ts'
import { APPLICATION } from './application.ts'
import { dataReader } from './data-reader.ts'
import { loadedInputs } from './loaded-inputs.ts'
import type { GeneralSettings, InputSettings, PartitionKeySettings } from './settings/index.ts'
import { topicName, topicRow } from './topics.ts'

/** Settings for retries of inputs. */
export type InputRetrySettings = Pick<GeneralSettings, 'env' | 'contentMode'> &
  InputSettings &
  PartitionKeySettings &
  RegistrySettings &
  // Defaults apply to a caller that does not read them.
  Partial<Pick<Consumer, 'futureToleranceMs' | 'earliestTimeMs'>>

/** Returns the record that is written for a failed record of an input, or the reason why no mapping takes it. */
export type RetryInput = (failed: FailureData) => OutgoingRecord | Failure

/**
 * Returns the retry of inputs if it is needed for one of these consumers. Otherwise, the files of the inputs are not read.
 *
 * @throws ConfigError if a file of the inputs is missing or invalid
 */
export async function findInputRetry(
  consumers: readonly string[],
  config: InputRetrySettings,
): Promise<RetryInput | undefined> {
  return consumers.includes(INTAKE) ? createInputRetry(config) : undefined
}

/** @throws ConfigError if a file of the inputs is missing or invalid */
export async function createInputRetry(config: InputRetrySettings): Promise<RetryInput> {
  const inputs = await loadedInputs(config).catch((error: unknown) => {
    throw error instanceof FileError ? new ConfigError('The inputs', [error.message]) : error
  })
  const { keyBy, futureToleranceMs, earliestTimeMs } = { ...CONSUMER_DEFAULTS, ...config }
  const reader = dataReader(config)
  const plan = { inputs, application: APPLICATION, reader, keyBy, futureToleranceMs, earliestTimeMs }
  const mapAgain = createMapAgain(plan)
  return failed => {
    const mapped = mapAgain(failed, Date.now())
    if (mapped.kind === 'failure') return mapped
    const { to, key, event } = mapped
    const record = toOutgoingRecord(topicName(to, config.env), key, event, config.contentMode)
    if (estimateSize(record) <= topicRow(to).maxMessageBytes) return record
    return failure('emission-too-large', `a ${event.type} does not fit into ${to}`)
  }
}
