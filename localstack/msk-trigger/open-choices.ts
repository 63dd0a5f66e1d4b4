import { ConfigurationError } from './framework.ts'
import { isObject, show } from './values.ts'

/**
 * What AWS leaves open, as settings: the readings that are possible, the default first. The default is the reading
 * that is harder to live with, so that what works here works either way.
 */
const READINGS = {
  /**
   * After a partial response that names a record: the partition is delivered again from there on, every later record
   * included; or the named records alone come again, and the others of the batch are done.
   */
  afterPartialResponse: ['resume-at-failure', 'retry-only-failed'],
  /**
   * What is given up when a batch with partial responses has used up its retries: the records that the last answer
   * named; or all that was left of the batch, with the records behind them.
   */
  exhaustedAfterPartialResponse: ['reported', 'rest-of-batch'],
  /** With bisect on: records that a partial response names come again as they are; or they are split in two as well. */
  bisectAfterPartialResponse: ['never', 'split'],
  /**
   * The retries that a half has left: what its batch had left, the failure that split it counted; the same, that failure
   * not counted; or all of them anew.
   */
  bisectRetries: ['charged', 'uncharged', 'restart'],
  /** What is given up together reaches SQS, SNS or S3 in one message; or in one message for each record. */
  discardUnit: ['batch', 'record'],
  /** The `condition` of a record that is over age. AWS documents none for Kafka; the first is that of streams. */
  overAgeCondition: ['RecordAgeExceeded', 'RetryAttemptsExhausted'],
  /** The `condition` of an exhausted record in a Kafka topic: as the sample for topics has it, or as everywhere else. */
  kafkaCondition: ['RetriesExhausted', 'RetryAttemptsExhausted'],
  /** A record without a value has no `value`, or null; alike for the key. */
  tombstone: ['absent', 'null'],
  /** Whether records that a filter keeps from the function fill up its batch and its payload nevertheless. */
  filteredRecords: ['not-counted', 'counted'],
  /**
   * The name of an object in S3: below `aws/lambda/<mapping>/`, the date and a random id; or with `<topic>-<partition>`
   * of the first record before the date.
   */
  s3Key: ['by-date', 'by-partition'],
  /** How a partial response names the partition: as `partition` only; or also as `topic-partition`, with a warning. */
  partialResponseKey: ['partition', 'either'],
  /** With a schema registry and the format JSON: `value` is the base64 of the JSON, or the decoded value itself. */
  registryJson: ['base64', 'object'],
} as const

/** The readings that were chosen. */
export type OpenChoices = { readonly [K in keyof typeof READINGS]: (typeof READINGS)[K][number] }

/** The defaults, all of them. */
export const DEFAULT_OPEN_CHOICES: OpenChoices = readOpenChoices(undefined)

/**
 * Reads and checks `custom.mskTrigger.open`.
 *
 * @throws ConfigurationError naming the setting, what it must be and what it was; unknown keys are refused.
 */
export function readOpenChoices(given: unknown, name = 'custom.mskTrigger.open'): OpenChoices {
  const wanted = given ?? {}
  if (!isObject(wanted)) throw new ConfigurationError(`${name} must be a map, not ${show(wanted)}`)
  for (const key of Object.keys(wanted)) {
    if (Object.hasOwn(READINGS, key)) continue
    const known = Object.keys(READINGS).join(', ')
    throw new ConfigurationError(`${name}.${key} is not a setting; known are: ${known}`)
  }
  const chosen = Object.entries(READINGS).map(([key, readings]) => {
    const value = wanted[key] ?? readings[0]
    if ((readings as readonly unknown[]).includes(value)) return [key, value]
    throw new ConfigurationError(`${name}.${key} must be ${readings.join(' or ')}, not ${show(value)}`)
  })
  return Object.fromEntries(chosen)
}
