/** Retries failed records of inputs: their stored bytes are mapped again, and nothing is written into the input. */
import { estimateSize, type OutgoingRecord, toOutgoingRecord } from '#runtime/cloudevents/index.ts'
import { type Failure, type FailureData, failure } from '#runtime/consumer/index.ts'
import { ConfigError } from '#runtime/settings/index.ts'
import { INTAKE } from '../intake/input.ts'
import { createMapAgain } from '../intake/map-again.ts'
import { FileError } from '../support/file-errors.ts'
import { APPLICATION } from './application.ts'
import { dataReader } from './data-reader.ts'
import { getDataWriter } from './data-writer.ts'
import { loadedInputs } from './loaded-inputs.ts'
import {
  CONSUMER,
  type CombinedParts,
  GENERAL,
  INPUTS,
  PARTITION_KEY,
  REGISTRY,
  readSettings,
  SERIALIZATION,
} from './settings/index.ts'
import { topicName, topicRow } from './topics.ts'

/** Settings by which `intake` decides records. */
const SETTINGS = [GENERAL, INPUTS, PARTITION_KEY, REGISTRY, CONSUMER, SERIALIZATION] as const

export type InputRetrySettings = CombinedParts<typeof SETTINGS>

/**
 * Returns the record that is written for a failed record of an input, or the reason why no mapping takes it.
 *
 * @throws Unavailable if the schema of its data, or the one to write it with, cannot be fetched now
 */
export type RetryInput = (failed: FailureData) => Promise<OutgoingRecord | Failure>

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

/**
 * Returns the retry of inputs.
 *
 * @param config by default, the settings in the environment of the function
 * @throws ConfigError if a setting is invalid, or if a file of the inputs is missing or invalid
 */
export async function createInputRetry(
  config: InputRetrySettings = readSettings(SETTINGS),
): Promise<RetryInput> {
  const { env, contentMode, keyBy, futureToleranceMs, earliestTimeMs } = config
  const inputs = await loadInputs(config)
  const reader = dataReader(config)
  const plan = { inputs, application: APPLICATION, reader, keyBy, futureToleranceMs, earliestTimeMs }
  const mapAgain = createMapAgain(plan)
  return async failed => {
    const mapped = await mapAgain(failed, Date.now())
    if (mapped.kind === 'failure') return mapped
    const { to, key, event } = mapped
    const writer = await getDataWriter(config)
    const record = toOutgoingRecord(topicName(to, env), key, writer.write(event), contentMode)
    if (estimateSize(record) <= topicRow(to).maxMessageBytes) return record
    return failure('emission-too-large', `a ${event.type} does not fit into ${to}`)
  }
}

async function loadInputs(config: InputRetrySettings) {
  try {
    return await loadedInputs(config)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new ConfigError(`${config.inputsFile} or a file that it names`, [error.message])
  }
}
