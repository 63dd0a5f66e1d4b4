import { custom } from 'valibot'
import { isObject } from '../support/config-values.ts'
import { getService } from './aws-names.ts'
import { isIntrinsic } from './resources.ts'
import { mustBe } from './setting-errors.ts'

/** Destination of discarded records. See rules 41 and 42 in `RULES.md`. */
export type Destination =
  | { readonly kind: 'sqs' | 'sns' | 's3'; readonly arn: string }
  /** Topic of the cluster that the event source reads from. See rule 43 in `RULES.md`. */
  | { readonly kind: 'kafka'; readonly topic: string }

interface GivenDestination {
  /** Reference to the destination: an ARN, `kafka://topic`, or an intrinsic function that returns an ARN. */
  readonly reference: unknown
  readonly type: Exclude<Destination['kind'], 'kafka'> | undefined
}

/** Maximum length of a destination, in characters. */
const LONGEST = 350

/** Matches `kafka://topic`. The topic's name has up to 249 characters and does not start with a dot (rule 42 in `RULES.md`). */
const KAFKA = /^kafka:\/\/([\w-][\w.-]{0,248})$/

export const DESTINATION_KINDS =
  'the ARN of an SQS queue, an SNS topic or an S3 bucket, kafka://<topic> (up to 249 characters), or a reference to such a resource'

/** Schema of the setting `onFailureDestination`, named as in the framework's `kafka` event. */
export const ON_FAILURE_DESTINATION = custom<unknown>(
  value => isNone(value) || parse(value) !== undefined,
  mustBe(DESTINATION_KINDS),
)

export function parseDestination(text: string): Destination | undefined {
  const topic = KAFKA.exec(text)?.[1]
  if (topic !== undefined) return { kind: 'kafka', topic }
  const kind = text.length > LONGEST ? undefined : getService(text)
  return kind === 'sqs' || kind === 'sns' || kind === 's3' ? { kind, arn: text } : undefined
}

/** Returns the topic of a destination `kafka://topic`; undefined for any other destination. */
export function findDestinationTopic(destination: unknown): string | undefined {
  const reference = givenDestination(destination)?.reference
  const found = typeof reference === 'string' ? parseDestination(reference) : undefined
  return found?.kind === 'kafka' ? found.topic : undefined
}

/** Reads the setting. Returns undefined for null and for an empty text, which both mean that no destination is wanted. */
export function givenDestination(value: unknown): GivenDestination | undefined {
  return isNone(value) ? undefined : parse(value)
}

function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function parse(value: unknown): GivenDestination | undefined {
  if (typeof value === 'string') return parseDestination(value) && { reference: value, type: undefined }
  if (isIntrinsic(value)) return { reference: value, type: undefined }
  if (!isObject(value) || Object.keys(value).some(key => key !== 'arn' && key !== 'type')) return undefined
  const { arn, type } = value
  if (typeof arn === 'string') return parse(arn)
  const isType = type === 'sqs' || type === 'sns' || type === 's3'
  return isIntrinsic(arn) && (isType || type === undefined) ? { reference: arn, type } : undefined
}
