/**
 * The types of data are derived from the schemas. The engine knows no schema, and some features name narrower types: they must not
 * say anything else.
 */
import { test } from 'node:test'
import type { PatternEvent } from '../../../lib/alerting/patterns/pattern-event.ts'
import type { DeadLettersHandled } from '../../../lib/failures/dlq-record.ts'
import type { DeadLetter, Retry } from '../../../lib/failures/process.ts'
import type { SilencesChanged } from '../../../lib/notification/silences-changed.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import type * as derived from '../../../schemas/types.ts'

/** A compile error unless `Narrow` fits `Wide` and both have the same fields. */
type Fits<Wide, Narrow extends Wide> = keyof Wide extends keyof Narrow ? true : never

test('given types that are written by hand, then they fit those that are derived from the schemas', () => {
  true satisfies Fits<derived.Failure, FailureData>
  true satisfies Fits<derived.Retry, Retry>
  true satisfies Fits<derived.DeadLetter, DeadLetter>
  true satisfies Fits<derived.PatternEvent, PatternEvent>
  true satisfies Fits<derived.DeadLettersHandled, DeadLettersHandled>
  true satisfies Fits<derived.SilencesChanged, SilencesChanged>
})
