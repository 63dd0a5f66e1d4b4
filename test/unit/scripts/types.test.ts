/**
 * The types of data are derived from the schemas. The engine knows no schema, and some features name narrower types: they must not
 * say anything else.
 */
import { test } from 'node:test'
import type { FailureData } from '#runtime/consumer'
import type { PatternEvent } from '../../../lib/alerting/patterns/pattern-event.ts'
import type { DeadLettersHandled } from '../../../lib/failures/dlq-record.ts'
import type { DeadLetter, Retry } from '../../../lib/failures/dlq-router.ts'
import type { SilencesChanged } from '../../../lib/notification/silences-changed.ts'
import type {
  DeadLetter as DerivedDeadLetter,
  DeadLettersHandled as DerivedDeadLettersHandled,
  Failure as DerivedFailure,
  PatternEvent as DerivedPatternEvent,
  Retry as DerivedRetry,
  SilencesChanged as DerivedSilencesChanged,
} from '../../../lib/schemas/types.ts'

/** A compile error unless `Narrow` fits `Wide` and both have the same fields. */
type Fits<Wide, Narrow extends Wide> = keyof Wide extends keyof Narrow ? true : never

test('given types that are written by hand, then they fit those that are derived from the schemas', () => {
  true satisfies Fits<DerivedFailure, FailureData>
  true satisfies Fits<DerivedRetry, Retry>
  true satisfies Fits<DerivedDeadLetter, DeadLetter>
  true satisfies Fits<DerivedPatternEvent, PatternEvent>
  true satisfies Fits<DerivedDeadLettersHandled, DeadLettersHandled>
  true satisfies Fits<DerivedSilencesChanged, SilencesChanged>
})
