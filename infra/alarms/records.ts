/** Alarms about what became of records. Pure. */

import { consumersOf } from '../../lib/app/functions.ts'
import { SIGNALS } from '../../lib/app/topics.ts'
import type { AlarmKind, Deployed, Watched } from './alarm.ts'
import { atOnce, counted, MINUTE } from './counted.ts'
import { type OwnMetric, ofTopic, own } from './metrics.ts'
import { topicNames } from './names.ts'

export const RECORDS = {
  'records-lost': {
    says: 'Records were deleted by retention before they were processed: they are lost.',
    urgency: 'now',
    cause: 'data',
    watches: counted('expired'),
    when: atOnce('nothing brings them back, and the next ones may follow'),
    missing: 'notBreaching',
  },
  'range-read-back': {
    says: 'Offsets that were never delivered are read from the log: Redis may have lost writes.',
    urgency: 'now',
    cause: 'data',
    watches: counted('range-read-back'),
    when: atOnce(
      'it is repaired by itself, but a store that forgets, or a group that was reset, must be known',
    ),
    missing: 'notBreaching',
  },
  misrouted: {
    says: 'Records are not in the partition of their key: a producer uses another partitioner.',
    urgency: 'now',
    cause: 'data',
    watches: counted('misrouted'),
    when: atOnce('each one may split the state of an entity'),
    missing: 'notBreaching',
  },
  'failed-unexpectedly': {
    says: 'A consumer threw at a record: a bug.',
    urgency: 'now',
    cause: 'code',
    watches: deployed => [
      ...named('record', counted('failed', ['unexpected-error'])(deployed)),
      ...named('parked', counted('parked-failed', ['unexpected-error'])(deployed)),
    ],
    when: atOnce('no data may make a consumer throw, so each one is a bug'),
    missing: 'notBreaching',
  },
  'timer-failed': {
    says: 'A timer failed and was removed: what it was for does not happen.',
    urgency: 'now',
    cause: 'code',
    watches: counted('timer', ['timer-failed', 'timer-rejected']),
    when: atOnce('a timer is not tried again'),
    missing: 'notBreaching',
  },
  'dead-letters': {
    says: 'Records have become dead letters.',
    urgency: 'soon',
    cause: 'dead-letters',
    watches: counted('dead-letters'),
    when: { above: 0, periodSeconds: 5 * MINUTE, periods: 1, because: 'a person has to look at each' },
    missing: 'notBreaching',
  },
  'dead-letters-open': {
    says: 'Dead letters have waited for a quarter of an hour, or are not counted.',
    urgency: 'soon',
    cause: 'dead-letters',
    watches: measured('deadLettersOpen'),
    when: {
      above: 0,
      periodSeconds: MINUTE,
      periods: 15,
      because: 'a redrive or a drop is done in that time',
    },
    missing: 'breaching',
  },
  'dead-letter-old': {
    says: 'The oldest dead letter is more than a day old.',
    urgency: 'now',
    cause: 'dead-letters',
    watches: measured('oldestDeadLetterSeconds'),
    when: {
      above: 86_400,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'the dlq keeps 30 days, and a weekend is two',
    },
    // `dead-letters-open` tells of a count that is missing.
    missing: 'ignore',
  },
  'dead-letters-quarantined': {
    says: 'Dead letters failed again after three redrives.',
    urgency: 'soon',
    cause: 'dead-letters',
    watches: measured('deadLettersQuarantined'),
    when: { above: 0, periodSeconds: 5 * MINUTE, periods: 1, because: 'a fourth redrive will not help' },
    missing: 'ignore',
  },
  'retry-rate': {
    says: 'More than 60 records a minute are tried again.',
    urgency: 'now',
    cause: 'receivers',
    watches: measured('retriesPerMinute'),
    when: {
      above: 60,
      stages: { dev: 600 },
      periodSeconds: MINUTE,
      periods: 10,
      because:
        'one a second for ten minutes is a receiver that is down, or a deployment that fails; change it to ten times what is usual',
    },
    missing: 'ignore',
  },
  'duplicate-rate': {
    says: 'More than a tenth of the records of a topic are repeats.',
    urgency: 'soon',
    cause: 'data',
    watches: duplicateRates,
    when: {
      above: 10,
      periodSeconds: 5 * MINUTE,
      periods: 3,
      because:
        'a producer repeats a batch after a lost answer now and then; a tenth for a quarter of an hour is a loop',
    },
    missing: 'notBreaching',
  },
  'receiver-refuses': {
    says: 'A receiver has not accepted records for a quarter of an hour.',
    urgency: 'now',
    cause: 'receivers',
    watches: counted('offer-failed'),
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 3,
      because: 'each record is offered three times within seconds, then retried',
    },
    missing: 'notBreaching',
  },
  'notifications-undelivered': {
    says: 'SNS could not deliver what was published to a topic of notifications or alarms.',
    urgency: 'now',
    cause: 'delivery',
    watches: deployed =>
      topicNames(deployed).map(topic => ({
        of: topic,
        value: { metric: ofTopic(topic, 'NumberOfNotificationsFailed'), statistic: 'Sum' },
      })),
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'SNS has tried for as long as the protocol allows: a person was not reached',
    },
    missing: 'notBreaching',
  },
  'records-refused': {
    says: 'Kafka refuses records for good: a topic has other limits than the table.',
    urgency: 'now',
    cause: 'data',
    watches: counted('refused'),
    when: atOnce('each one leaves as a failure in the place of what should have been published'),
    missing: 'notBreaching',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>

/** What the scheduled function `dead-letters` measures, if it runs. */
function measured(name: OwnMetric): AlarmKind['watches'] {
  return ({ env, schedules }) =>
    schedules.clock ? [{ value: { metric: own(env, 'dead-letters', name), statistic: 'Maximum' } }] : []
}

/** With other names for the alarms, where several metrics have the same reason. */
function named(of: string, [first]: readonly Watched[]): Watched[] {
  return first ? [{ ...first, of }] : []
}

/** All consumers of a topic see the same repeats, so the first one tells. */
function duplicateRates({ env, functions }: Deployed): Watched[] {
  return SIGNALS.flatMap(signal => {
    const [name] = consumersOf(functions, signal)
    if (name === undefined) return []
    return {
      of: signal,
      value: {
        expression: '100 * FILL(repeats, 0) / (FILL(repeats, 0) + FILL(applied, 0))',
        metrics: {
          repeats: { metric: own(env, name, 'duplicate'), statistic: 'Sum' },
          applied: { metric: own(env, name, 'applied'), statistic: 'Sum' },
        },
      },
    } satisfies Watched
  })
}
