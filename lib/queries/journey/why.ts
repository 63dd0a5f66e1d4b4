/** Explains the reason codes of consumers in sentences, for users who do not know the codes. Pure. */

import { FAILURES } from '../../../packages/runtime/consumer/failure-codes.ts'
import { reasonText } from '../../../packages/runtime/pipeline/reasons.ts'
import { REASONS } from '../../alerting/reasons.ts'

type Sentences = Readonly<Record<string, string>>

const ALERTING: Sentences = {
  ...Object.fromEntries(Object.entries(REASONS).map(([reason, { says }]) => [reason, says])),
  'no-rule': 'no rule watches it',
  'rules-activated': 'from here on, this rule set applies',
  'rules-unchanged': 'this rule set already applies',
}

const RETRIES: Sentences = Object.fromEntries(
  ['1m', '10m', '1h'].map(delay => [
    `retry-${delay}`,
    `it waits in the topic retry-${delay} for its next attempt`,
  ]),
)

/** Explanations of reason codes, by consumer. */
const OF_CONSUMERS: Readonly<Record<string, Sentences>> = {
  processor: {
    counted: 'it belongs to the open minute',
    'window-closed':
      'it is the first reading of a later minute: the statistics of the previous minute are published',
    'window-revised': 'it is late, and the statistics of its minute are published again',
    late: 'its entity had already reported a time a minute after the end of its minute, so it counts only in the statistics since the first reading',
    forgotten: 'the entity has not reported for days',
  },
  alerting: ALERTING,
  patterns: ALERTING,
  grouping: {
    grouped: 'a rule over several events watches it: it is sent to its group',
    'no-group': 'it lacks the property that the rule groups by',
    'no-rule': 'no rule over several events watches it',
  },
  views: {
    regrouped: 'tables read it: it is sent to its group of each',
    filtered: 'the condition of each table excludes it',
    'no-group': 'it lacks a value by which the tables group',
    'no-table': 'no table reads it',
    counted: 'it was added to its group',
    changed: 'it was added to its group, and the changed row was published',
    late: 'it is too late for at least one of its windows, which drops it and only counts it as late',
    dropped: 'the table, or this generation of it, has been dropped',
    left: 'the last window of the group has left the table',
    unchanged: 'no row to publish',
    forgotten: 'the entity has not reported for days',
    'views-activated': 'from here on, these tables apply',
    'views-unchanged': 'these tables already apply',
  },
  activity: {
    first: 'the entity is new',
    unchanged: 'no change to report',
    late: 'it is older than the latest reading',
    changed: 'the activity of the device has changed',
    silent: 'the sensor has not reported for five minutes',
    returned: 'the sensor reports again',
    fallen: 'the wearer fell and did not get up',
    restarted: 'the database has restarted',
    forgotten: 'the entity has not reported for days',
  },
  notifier: {
    fired: 'it was added to the firing alerts, and sent to its groups',
    repeated: 'it was processed before',
    late: 'a newer alert of the rule is known',
    'not-firing': 'it is not one of the firing alerts',
    acknowledged: 'it was acknowledged',
    'acknowledgement-removed': 'its acknowledgement was withdrawn',
    queued: "part of the group's next notification",
    known: 'it is already in the group',
    'ended-before': 'it resolved before it arrived',
    'end-queued': "its resolution is part of the group's next notification",
    'never-told': 'it resolved before a notification was sent',
    'not-known': 'it is not in the group',
    new: 'the first notification of the group',
    changed: 'alerts have fired or resolved since the last notification',
    repeat: 'the group still fires',
    resolved: 'no alert of the group fires any more',
    muted: 'a silence, or another alert, mutes it',
    unchanged: 'all changes were already sent',
    forgotten: 'the group has nothing to report',
  },
  deliver: {
    delivered: 'its receivers have it',
    'no-receiver': 'no receiver needs it',
    superseded: 'a later notification of the group has been sent already',
  },
  'open-dead-letters': {
    letter: 'it was added to the table of open dead letters',
    broken: 'it cannot be read; the table of open dead letters contains its position',
    copy: 'it is a copy of an earlier dead letter',
    handled: 'dead letters that were redriven or dropped are removed from the table',
    other: 'it is not about a dead letter',
    expired: 'the topic has deleted the dead letter',
  },
  'dlq-router': {
    ...RETRIES,
    'not-retried': 'its code is not retried: it is a dead letter',
    'retries-exhausted': 'all its retries have failed: it is a dead letter',
    'too-old': 'its next retry would come too late: it is a dead letter',
    incomplete: 'parts of the record are only in the log: it is a dead letter',
    quarantined: 'operators have redriven it too often: bulk redrives skip it',
    'from-dead-letters': 'its record is already a dead letter',
    'failed-in-router': 'failures of the router itself are not retried: it is a dead letter',
  },
}

/** Returns the explanation of a decision's reason; undefined for an unknown reason. */
export function whyOf(consumer: string, outcome: string, reason: string | undefined): string | undefined {
  if (reason === undefined) return undefined
  if (outcome === 'failed' || outcome === 'parked-failed' || Object.hasOwn(FAILURES, reason))
    return (FAILURES as Readonly<Record<string, { description: string }>>)[reason]?.description
  if (outcome === 'applied' || outcome === 'parked-applied' || outcome === 'timer') {
    const own = OF_CONSUMERS[consumer] ?? {}
    if (Object.hasOwn(own, reason)) return own[reason]
  }
  return reasonText(reason)
}
