import { custom, type GenericSchema, nullish, picklist, pipe } from 'valibot'
import { isObject } from '../support/values.ts'
import { must, settingsMap } from './setting-errors.ts'

/**
 * Settings for behaviour that AWS does not specify for Kafka, each with its choices, the default first. The default is the
 * documented behaviour for Kinesis and DynamoDB streams. If AWS documents none, the default is the less convenient choice, so that
 * code that works locally works with either choice.
 */
export const READINGS = {
  afterPartialResponse: ['resume-at-failure', 'retry-only-failed'],
  exhaustedAfterPartialResponse: ['reported', 'rest-of-batch'],
  bisectAfterPartialResponse: ['never', 'split'],
  bisectRetries: ['uncharged', 'charged', 'restart'],
  discardUnit: ['batch', 'record'],
  overAgeCondition: ['RecordAgeExceeded', 'RetryAttemptsExhausted'],
  kafkaCondition: ['RetriesExhausted', 'RetryAttemptsExhausted'],
  tombstone: ['absent', 'null'],
  filteredRecords: ['not-counted', 'counted'],
  s3Key: ['by-date', 'by-partition'],
  partialResponseKey: ['partition', 'either'],
  registryJson: ['base64', 'object'],
} as const

/** Description of each setting, which the README shows. */
export const MEANINGS: Readonly<Record<keyof typeof READINGS, string>> = {
  afterPartialResponse:
    'redeliver the partition from its first failed record on, including later records; or only the failed records',
  exhaustedAfterPartialResponse:
    'which records are discarded at the end: those that the last response named, or the rest of the batch',
  bisectAfterPartialResponse: 'whether records named by a partial response are split in two as well',
  bisectRetries:
    'whether splitting a batch counts as a retry: no, so it is split until the bad record is alone, and only that record is retried; or yes; or yes, but each half starts with all retries',
  discardUnit: 'whether SQS, SNS or S3 receives one message per batch or per record',
  overAgeCondition: 'the `condition` of a record that is too old',
  kafkaCondition: 'the `condition` in a Kafka topic',
  tombstone: 'whether a record without a value lacks `value` or has null; the same for the key',
  filteredRecords: 'whether filtered records count towards a batch',
  s3Key: 'the key of an S3 object',
  partialResponseKey: 'whether the older `topic-partition` is accepted too, with a warning',
  registryJson:
    'with a registry and `JSON`: the value in base64, or the JSON itself, with all digits of its numbers: JavaScript rounds those beyond 2^53 when it reads them, Python does not',
}

export type OpenChoices = { readonly [K in keyof typeof READINGS]: (typeof READINGS)[K][number] }

const ENTRIES = Object.fromEntries(
  Object.entries(READINGS).map(([key, readings]) => [
    key,
    nullish(picklist(readings, must(readings.join(' or '))), readings[0]),
  ]),
)

/** Schema of `custom.mskTrigger.open`. By default, each setting has its first choice. */
export const OPEN_CHOICES = pipe(
  custom<object>(isObject, must('a map')),
  settingsMap(ENTRIES),
) as GenericSchema<unknown> as GenericSchema<unknown, OpenChoices>

export const DEFAULT_OPEN_CHOICES = Object.fromEntries(
  Object.entries(READINGS).map(([key, [first]]) => [key, first]),
) as OpenChoices
