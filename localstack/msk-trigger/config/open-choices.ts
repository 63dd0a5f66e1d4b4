import { custom, type GenericSchema, nullish, picklist, pipe } from 'valibot'
import { isObject } from '../support/values.ts'
import { must, settingsMap } from './setting-errors.ts'

/**
 * Behaviour that AWS does not specify for Kafka, as settings with the possible choices, default first. The default is
 * what AWS documents of the same feature for Kinesis and DynamoDB streams; where it documents none, it is the choice that
 * is harder to live with, so that code which works here works with either.
 */
const READINGS = {
  /** After a partial response: redeliver the partition from the first failed record on, later records included; or only the failed ones. */
  afterPartialResponse: ['resume-at-failure', 'retry-only-failed'],
  /** What is discarded when the retries are used up: the records that the last response named, or all that were left of the batch. */
  exhaustedAfterPartialResponse: ['reported', 'rest-of-batch'],
  /** With bisect: records named by a partial response are redelivered together, or are split in two as well. */
  bisectAfterPartialResponse: ['never', 'split'],
  /** Whether splitting a batch uses up a retry: no, as for streams; or yes; or yes, but each half has all of them again. */
  bisectRetries: ['uncharged', 'charged', 'restart'],
  /** Whether records that are discarded together are sent to SQS, SNS or S3 in one message, or in one message per record. */
  discardUnit: ['batch', 'record'],
  /** The `condition` of a record that is too old. AWS documents none for Kafka; the default is the one for streams. */
  overAgeCondition: ['RecordAgeExceeded', 'RetryAttemptsExhausted'],
  /** The `condition` of a record whose retries are used up, in a Kafka topic: as in AWS's sample for topics, or as everywhere else. */
  kafkaCondition: ['RetriesExhausted', 'RetryAttemptsExhausted'],
  /** Whether a record without a value lacks `value` or has null. The key follows the same choice. */
  tombstone: ['absent', 'null'],
  /** Whether filtered records count towards the batch size and the payload. */
  filteredRecords: ['not-counted', 'counted'],
  /** The key of an S3 object: `aws/lambda/<mapping>/`, date and random id; or with `<topic>-<partition>` before the date. */
  s3Key: ['by-date', 'by-partition'],
  /** How a partial response may name the partition: only as `partition`; or also as `topic-partition`, with a warning. */
  partialResponseKey: ['partition', 'either'],
  /** With a schema registry and the format JSON: `value` is the base64 of the JSON, or the JSON itself. */
  registryJson: ['base64', 'object'],
} as const

export type OpenChoices = { readonly [K in keyof typeof READINGS]: (typeof READINGS)[K][number] }

const ENTRIES = Object.fromEntries(
  Object.entries(READINGS).map(([key, readings]) => [
    key,
    nullish(picklist(readings, must(readings.join(' or '))), readings[0]),
  ]),
)

/** `custom.mskTrigger.open`: what is not chosen is read as the first of its readings. */
export const OPEN_CHOICES = pipe(
  custom<object>(isObject, must('a map')),
  settingsMap(ENTRIES),
) as GenericSchema<unknown> as GenericSchema<unknown, OpenChoices>

export const DEFAULT_OPEN_CHOICES = Object.fromEntries(
  Object.entries(READINGS).map(([key, [first]]) => [key, first]),
) as OpenChoices
