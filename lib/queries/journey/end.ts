/** Determines the outcome of a journey. If several apply, the worst is used. Pure. */
import { ALERT_FIRED_TYPE } from '../../alerting/alert.ts'
import { DEAD_LETTER_TYPE, RETRY_TYPE } from '../../failures/event-types.ts'
import { NOTIFICATION_TYPE } from '../../notification/notification.ts'
import type { DecisionDraft, EventDraft } from './draft.ts'
import type { JourneyEnd } from './model.ts'

const DONE = ['applied', 'parked-applied']

export function endOf(events: readonly EventDraft[]): JourneyEnd {
  const has = (type: string) => events.some(({ event }) => event?.type === type)
  const decisions = events.flatMap(of => [...of.decisions.values()])
  const outcome = (...wanted: readonly string[]) => decisions.some(one => wanted.includes(one.outcome))
  if (has(DEAD_LETTER_TYPE)) return 'dead-letter'
  if (has(RETRY_TYPE) && !decisions.some(isRetried)) return 'retrying'
  if (outcome('failed', 'parked-failed') && !decisions.some(isRetried)) return 'failed'
  if (decisions.some(isTold)) return 'told'
  if (has(ALERT_FIRED_TYPE)) return 'alert'
  if (outcome('waiting', 'parked')) return 'waiting'
  if (events.some(({ parent }) => parent)) return 'emitted'
  return outcome(...DONE, 'duplicate', 'ignored', 'timer') ? 'remembered' : 'unknown'
}

/** Returns whether a failed event has been retried and processed. */
function isRetried({ of, place, outcome }: DecisionDraft): boolean {
  if (!DONE.includes(outcome) || !place) return false
  return [...of.places.values()].some(
    ({ offset, partition, redrivenFor }) =>
      redrivenFor !== undefined && offset === place.offset && partition === place.partition,
  )
}

/** Returns whether people were notified, because a receiver has accepted the notification. */
function isTold({ of, consumer, outcome, reason }: DecisionDraft): boolean {
  return (
    of.event?.type === NOTIFICATION_TYPE &&
    consumer.startsWith('notify-') &&
    DONE.includes(outcome) &&
    reason !== 'other-receivers' &&
    reason !== 'superseded'
  )
}
