/** The reasons of consumers as sentences, for people who do not know the words yet. Pure. */

import { FAILURES } from '../../../packages/runtime/consumer/failure-codes.ts'
import { reasonText } from '../../../packages/runtime/pipeline/reasons.ts'
import { REASONS } from '../../alerting/reasons.ts'

type Sentences = Readonly<Record<string, string>>

const ALERTING: Sentences = {
  ...Object.fromEntries(Object.entries(REASONS).map(([reason, { says }]) => [reason, says])),
  'no-rule': 'no rule asks for it',
  'rules-activated': 'from here on, this rule set counts',
  'rules-unchanged': 'this rule set counts already',
}

const RETRIES: Sentences = Object.fromEntries(
  ['1m', '10m', '1h'].map(delay => [
    `retry-${delay}`,
    `it waits in the topic retry-${delay} to be tried again`,
  ]),
)

const SINK: Sentences = {
  delivered: 'its receivers have it',
  published: 'its receivers have it',
  'other-receivers': 'it is for receivers of another kind',
  superseded: 'a later notification of the group has been sent already',
}

/** Meanings of reasons, by the name of the consumer. */
const OF_CONSUMERS: Readonly<Record<string, Sentences>> = {
  processor: {
    counted: 'it belongs to the minute that is open',
    'window-closed': 'it is the first reading of a later minute: the statistics of the minute before leave',
    'window-revised': 'it is late, and the statistics of its minute leave again',
    late: 'it is too late for its minute, and counts only in the statistics since the first reading',
    forgotten: 'the entity has not reported for days',
  },
  alerting: ALERTING,
  patterns: ALERTING,
  grouping: {
    grouped: 'a rule over several events asks for it: it goes to its group',
    'no-group': 'it lacks what the rule groups by',
    'no-rule': 'no rule over several events asks for it',
  },
  activity: {
    first: 'the entity was not known before',
    unchanged: 'nothing happened that others should know',
    late: 'it is older than what was seen last',
    changed: 'the device does something else than before',
    silent: 'the sensor has not reported for five minutes',
    returned: 'the sensor reports again',
    fallen: 'the wearer fell and did not get up',
    restarted: 'the database has restarted',
    forgotten: 'the entity has not reported for days',
  },
  'firing-alerts': {
    fired: 'the list of firing alerts has it now',
    repeated: 'the list has it already',
    late: 'a newer alert of the rule is on the list',
    resolved: 'the list no longer has it',
    'not-firing': 'the list has no such alert',
    acknowledged: 'a person has taken it over',
    'acknowledgement-removed': 'no person has taken it over any more',
  },
  'alert-router': {
    routed: 'the notification routes send it to its group',
    'routed-already': 'it was sent to its group before',
    'ended-before': 'its end has come before it',
    'end-routed': 'its end goes to the same group',
    'no-route': 'no notification route matches: no notification is sent',
  },
  notifier: {
    queued: "part of the group's next notification",
    known: 'the group knows it',
    'ended-before': 'its end has come before it',
    'end-queued': "its end is part of the group's next notification",
    'never-told': 'it ended before a notification was sent',
    'not-known': 'the group does not know it',
    new: 'the first notification of the group',
    changed: 'alerts have fired or resolved since the last notification',
    repeat: 'the group still fires',
    resolved: 'none of the group fires any more',
    muted: 'a silence, or another alert, mutes it',
    unchanged: 'people know everything already',
    forgotten: 'the group has nothing to report',
  },
  'open-dead-letters': {
    letter: 'the table of open dead letters has it now',
    broken: 'it cannot be read: the table of open dead letters names its place',
    copy: 'it is a copy of an earlier dead letter',
    handled: 'dead letters that people have redriven or dropped leave the table',
    other: 'it is not about a dead letter',
    expired: 'the topic has deleted the dead letter',
  },
  'dlq-router': {
    ...RETRIES,
    'not-retried': 'its code is not retried: it is a dead letter',
    'retries-exhausted': 'all its retries have failed: it is a dead letter',
    'too-old': 'its next retry would come too late: it is a dead letter',
    incomplete: 'parts of the record are only in the log: it is a dead letter',
    quarantined: 'people have redriven it too often: bulk redrives leave it out',
    'from-dead-letters': 'its record is a dead letter already',
    'failed-in-router': 'what the router cannot handle must not come back to it: it is a dead letter',
  },
}

/** The sentence for a decision; undefined where the reason is known to the consumer alone. */
export function whyOf(consumer: string, outcome: string, reason: string | undefined): string | undefined {
  if (reason === undefined) return undefined
  if (outcome === 'failed' || outcome === 'parked-failed' || Object.hasOwn(FAILURES, reason))
    return (FAILURES as Readonly<Record<string, { description: string }>>)[reason]?.description
  if (outcome === 'applied' || outcome === 'parked-applied' || outcome === 'timer') {
    const own = OF_CONSUMERS[consumer] ?? (consumer.startsWith('notify-') ? SINK : {})
    if (Object.hasOwn(own, reason)) return own[reason]
  }
  return reasonText(reason)
}
