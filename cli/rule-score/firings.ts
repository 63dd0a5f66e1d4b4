/** Which alerts fire in a recording: the alerting function itself reads it, with the clock and the timers of its log. */
import { type Alert, NO_DATA } from '../../lib/alerting/alert.ts'
import { type AnyRule, isPatternRule } from '../../lib/alerting/patterns/pattern.ts'
import { identityOf } from '../../lib/alerting/rule.ts'
import { entityOf } from '../../lib/runtime/consumer/event.ts'
import { CliFailure } from '../failure.ts'
import { RuleLog } from '../rule-tests/log.ts'
import { RefusedByAlerting } from '../rule-tests/refused.ts'
import type { RecordedReading } from './recording.ts'

/** One alert, from firing to resolving. */
export interface Firing {
  /** Name and labels of the rule. */
  readonly rule: string
  /** Source and subject. */
  readonly entity: string
  /** Undefined: the alert is not about one metric. */
  readonly metric: string | undefined
  /** Milliseconds since the epoch; infinite if it was still firing at the end. */
  readonly fromMs: number
  readonly toMs: number
  /** What was compared with the threshold. */
  readonly value?: number | string
}

interface Fired {
  readonly firings: readonly Firing[]
  /** Readings that came a second time, and were dropped as they would be. */
  readonly duplicates: number
}

/**
 * @param readings in the order of their arrival; at least one
 * @param file how messages name the recording
 * @param stop ends it, with an AbortError
 * @throws CliFailure with the line of a reading that alerting refuses
 */
export async function firingsIn(
  readings: readonly RecordedReading[],
  rules: readonly AnyRule[],
  file: string,
  stop: AbortSignal,
): Promise<Fired> {
  const log = new RuleLog(readings[0]?.arrivedMs)
  await log.activate(0, rules)
  try {
    const duplicates = await log.replay(readings, stop)
    return { firings: pairs(log.notifications.map(({ alert }) => alert)), duplicates }
  } catch (error) {
    if (!(error instanceof RefusedByAlerting)) throw error
    const line = readings.find(({ event: { id, source } }) => isNamed(error, id, source))?.line
    throw new CliFailure(`${file}${line === undefined ? '' : `:${line}`}: refused: ${error.message}`)
  }
}

function isNamed({ event }: RefusedByAlerting, id: string, source: string): boolean {
  return event?.id === id && event.source === source
}

function pairs(alerts: readonly Alert[]): readonly Firing[] {
  const ends = new Map<string, number>()
  for (const alert of alerts)
    if (alert.status === 'resolved') ends.set(alert.alertId, Date.parse(alert.endedAt))
  return alerts
    .filter(alert => alert.status === 'firing')
    .map(({ rule, labels, entity, metric, startedAt, alertId, value, state }) => {
      const shown = value ?? state
      return {
        rule: identityOf({ name: rule, labels }),
        entity: entityOf(entity),
        metric,
        fromMs: Date.parse(startedAt),
        toMs: ends.get(alertId) ?? Number.POSITIVE_INFINITY,
        ...(shown === undefined ? {} : { value: shown }),
      }
    })
}

/** The identities under which a rule fires: its own, and that of the silence of its entities. */
export function identitiesOf(rule: AnyRule): readonly string[] {
  if (isPatternRule(rule)) return [identityOf(rule)]
  const { name, labels, onSilence } = rule
  const noData = identityOf({ name: NO_DATA, labels: { ...labels, rule: name } })
  return [identityOf(rule), ...(onSilence === 'no-data' ? [noData] : [])]
}
