/** Table of the reasons for which an alert changes or does not change. Metrics, log lines and tests use these names. */

interface Reason {
  /** Notification that is sent for this reason; absent if none is sent. */
  readonly change?: 'fired' | 'resolved'
  /** Description for users. */
  readonly says: string
}

/**
 * Reasons, ordered by importance. If several rules report reasons in one step, the most important one is the reason of the step.
 * The table in `config/rules/README.md` lists all reasons.
 */
export const REASONS = {
  'pipeline-down': {
    change: 'fired',
    says: 'the clock has not ticked for five minutes: the alert `PIPELINE_DOWN` fires',
  },
  'ticks-returned': { change: 'resolved', says: 'the clock ticks again: the alert `PIPELINE_DOWN` resolves' },
  fired: { change: 'fired', says: 'the condition has held for `for`' },
  'fired-by-silence': {
    change: 'fired',
    says: 'silent for `staleAfter`, and `onSilence: alert` counts silence as bad',
  },
  'no-data': {
    says: 'silent for `staleAfter`: with `onSilence: no-data` the alert `NoData` fires, and the rule itself stays as it is',
  },
  resolved: { change: 'resolved', says: 'the value has been clear for `keepFiringFor`' },
  'resolved-by-silence': {
    change: 'resolved',
    says: 'silent for `staleAfter`, and `onSilence: ok` counts silence as good',
  },
  'rule-removed': { change: 'resolved', says: 'the rule is no longer in the rule set' },
  'rule-paused': { change: 'resolved', says: 'the rule is paused' },
  'rule-unfit': {
    change: 'resolved',
    says: 'the family now declares the metric as a kind that the rule cannot watch',
  },
  'not-matched': {
    change: 'resolved',
    says: 'the entity no longer matches the rule, or its row of the table has ended',
  },
  forgotten: { change: 'resolved', says: 'the entity has not reported for days' },
  'data-returned': { says: 'a reading after silence: the alert `NoData` resolves' },
  relapsed: { says: 'recovering, and the value is bad again: the same alert keeps firing' },
  recovering: { says: 'the value is clear, but not yet for `keepFiringFor`' },
  'pending-restarted': {
    says: 'the silence before this reading was longer than `staleAfter`: `for` starts again',
  },
  pending: { says: 'the condition holds, but not yet for `for`' },
  'pending-ended': { says: 'the condition no longer holds: nothing is sent' },
  'pending-stale': { says: 'pending, and silent for `staleAfter`: nothing is sent' },
  late: { says: 'the reading is older than the last decision: changes nothing' },
  'no-history': { says: 'there are too few earlier readings to compare with: changes nothing' },
  'not-evaluated': {
    says: 'the family declares the metric as a kind that the rule cannot watch: changes nothing',
  },
  unchanged: { says: 'nothing changes' },
} as const satisfies Readonly<Record<string, Reason>>

export type TransitionReason = keyof typeof REASONS
export type Change = 'fired' | 'resolved'

const PRECEDENCE = new Map(Object.keys(REASONS).map((reason, index) => [reason, index]))

/** Returns the more important of two reasons. */
export function higherPriority(a: TransitionReason | undefined, b: TransitionReason): TransitionReason {
  if (a === undefined || a === b) return b
  return (PRECEDENCE.get(a) as number) <= (PRECEDENCE.get(b) as number) ? a : b
}

/** Returns the notification that is sent for a reason; undefined if none is sent. */
export function findChange(reason: TransitionReason): Change | undefined {
  const { change }: Reason = REASONS[reason]
  return change
}
