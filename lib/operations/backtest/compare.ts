/** Compares the alerts of two runs over the same time. Pure. */
import { entityOf } from '../../../packages/runtime/consumer/event.ts'
import type { Alert } from '../../alerting/alert.ts'
import { identityOf } from '../../alerting/rule.ts'

/** Time in which an alert fired, in milliseconds since the epoch. */
export interface FiringTime {
  readonly alertId: string
  readonly severity: string
  readonly fromMs: number
  /** End of the alert; null if it still fires at the end of the range. */
  readonly toMs: number | null
}

/** Alert of the tested rules, of the other side, or of both. */
export interface ComparedAlert {
  /** Name and labels of the rule. */
  readonly rule: string
  readonly entity: string
  readonly metric: string | null
  readonly tried: FiringTime | null
  readonly other: FiringTime | null
  readonly differences: readonly ('start' | 'end' | 'severity')[]
  /** True if the alert began before the first reading that was used, so that the sides cannot agree on its start. */
  readonly isAtEdge: boolean
}

interface Fired extends FiringTime {
  readonly alert: Alert
}

/** Alerts of one side. Events of an alert may arrive several times, because each partition reports a stopped clock. */
export class AlertTimes {
  readonly #byId = new Map<string, Fired>()

  readonly add = (alert: Alert): void => {
    const { alertId, severity, startedAt } = alert
    const before = this.#byId.get(alertId)
    const endedMs = alert.status === 'resolved' ? Date.parse(alert.endedAt) : null
    const toMs = before?.toMs == null ? endedMs : Math.min(before.toMs, endedMs ?? before.toMs)
    this.#byId.set(alertId, {
      ...(before ?? { alertId, severity, fromMs: Date.parse(startedAt), alert }),
      toMs,
    })
  }

  /** Returns the alerts that fire within a range, by fingerprint, in the order of their starts. */
  within(sinceMs: number, untilMs: number): ReadonlyMap<string, readonly Fired[]> {
    const inside = [...this.#byId.values()]
      .map(one => (one.toMs !== null && one.toMs >= untilMs ? { ...one, toMs: null } : one))
      .filter(({ fromMs, toMs }) => fromMs < untilMs && (toMs === null || toMs >= sinceMs))
      .sort((a, b) => a.fromMs - b.fromMs)
    return Map.groupBy(inside, ({ alert }) => alert.fingerprint)
  }
}

/**
 * Returns the alerts of both sides in the order of their starts. Alerts of the same rule and entity are the same alert if their ids
 * are equal, or else if they fire at the same time.
 *
 * @param warmFromMs time of the first reading that was used
 */
export function comparedAlerts(
  tried: ReadonlyMap<string, readonly Fired[]>,
  other: ReadonlyMap<string, readonly Fired[]>,
  warmFromMs: number,
): readonly ComparedAlert[] {
  const pairs: [Fired | null, Fired | null][] = []
  for (const fingerprint of new Set([...tried.keys(), ...other.keys()])) {
    const left = [...(other.get(fingerprint) ?? [])]
    const take = (fits: (one: Fired) => boolean) => {
      const index = left.findIndex(fits)
      return index < 0 ? undefined : left.splice(index, 1)[0]
    }
    const own = tried.get(fingerprint) ?? []
    const same = own.map(one => take(({ alertId }) => alertId === one.alertId))
    for (const [index, one] of own.entries())
      pairs.push([one, same[index] ?? take(left => overlap(one, left)) ?? null])
    for (const one of left) pairs.push([null, one])
  }
  return pairs.map(pair => comparedAlert(...pair, warmFromMs)).sort((a, b) => startOf(a) - startOf(b))
}

function overlap(a: Fired, b: Fired): boolean {
  return a.fromMs < (b.toMs ?? Infinity) && b.fromMs < (a.toMs ?? Infinity)
}

function comparedAlert(tried: Fired | null, other: Fired | null, warmFromMs: number): ComparedAlert {
  const { alert } = (tried ?? other) as Fired
  const { rule, labels, entity, metric = null } = alert
  const differs: Record<ComparedAlert['differences'][number], boolean> = {
    start: tried?.fromMs !== other?.fromMs,
    end: tried?.toMs !== other?.toMs,
    severity: tried?.severity !== other?.severity,
  }
  const names = Object.keys(differs) as (keyof typeof differs)[]
  return {
    rule: identityOf({ name: rule, labels }),
    entity: entityOf(entity),
    metric,
    tried: tried && timeOf(tried),
    other: other && timeOf(other),
    differences: tried && other ? names.filter(name => differs[name]) : [],
    isAtEdge: other !== null && other.fromMs < warmFromMs,
  }
}

function timeOf({ alertId, severity, fromMs, toMs }: Fired): FiringTime {
  return { alertId, severity, fromMs, toMs }
}

function startOf({ tried, other }: ComparedAlert): number {
  return Math.min(tried?.fromMs ?? Infinity, other?.fromMs ?? Infinity)
}
