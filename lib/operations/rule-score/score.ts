/**
 * Compares the alerts for a recording with its labels. An alert is true if the time in which it fires overlaps a labelled window of
 * the same entity. If both the alert and the label have a metric, the metrics must be equal as well. For precision, each alert
 * counts once, even if it overlaps several windows. For recall, each window counts once, even if several alerts overlap it.
 * docs/detection.md explains the reasons. Pure.
 */
import type { Firing } from '../../alerting/firings.ts'
import type { Label } from './label.ts'
import { isOf, type RecordedEntity, type Watch } from './recorded.ts'

const DAY_MS = 86_400_000

/** Score of alerts, compared with labelled windows. A ratio is null if its denominator is 0. */
export interface Score {
  readonly alerts: number
  readonly trueAlerts: number
  readonly falseAlerts: number
  /** Share of alerts that are true, from 0 to 1. */
  readonly precision: number | null
  /** Number of windows that can be found. `found` is the number of windows that were found. */
  readonly windows: number
  readonly found: number
  readonly recall: number | null
  /**
   * Time from the start of a window to its first alert, in milliseconds. It is 0 if the alert was already firing. Null if no window
   * was found.
   */
  readonly delayMs: { readonly median: number; readonly max: number } | null
  /** Total duration of the entities' recordings, in days. */
  readonly entityDays: number
  /** Number of false alerts per entity and day. */
  readonly falsePerEntityDay: number | null
  /** Share of the alerts' firing time that is outside all windows, from 0 to 1. */
  readonly firingOutside: number | null
}

/** Window that is scored, with the entities to which its label refers. */
export interface Window extends Label {
  readonly entities: readonly RecordedEntity[]
}

export type NotCountedReason = 'entity-not-recorded' | 'metric-not-recorded' | 'time-not-recorded'

/** Returns the window of a label, or the reason why the label is not scored. */
export function windowOf(
  label: Label,
  recorded: Iterable<RecordedEntity>,
): Window | { readonly reason: NotCountedReason } {
  const named = [...recorded].filter(one => isOf(label, one))
  if (named.length === 0) return { reason: 'entity-not-recorded' }
  const { metric } = label
  const measured = metric === undefined ? named : named.filter(({ metrics }) => metrics.has(metric))
  if (measured.length === 0) return { reason: 'metric-not-recorded' }
  const entities = measured.filter(({ fromMs, toMs }) => label.fromMs <= toMs && label.toMs >= fromMs)
  return entities.length === 0 ? { reason: 'time-not-recorded' } : { ...label, entities }
}

/** Returns whether an alert overlaps a window and has the same entity and metric. */
function tellsOf({ entity, metric, fromMs, toMs }: Firing, window: Window): boolean {
  return (
    fromMs <= window.toMs &&
    toMs >= window.fromMs &&
    (metric === undefined || window.metric === undefined || metric === window.metric) &&
    window.entities.some(one => one.entity === entity)
  )
}

/**
 * Returns the windows that a rule can find. The rule must watch an entity of the window and, if the label has a metric, the same
 * metric.
 */
export function windowsFor({ metric, entities }: Watch, windows: readonly Window[]): readonly Window[] {
  return windows.filter(
    window =>
      (window.metric === undefined || metric === undefined || window.metric === metric) &&
      window.entities.some(({ entity }) => entities.has(entity)),
  )
}

/** Assignment of alerts to the windows that they overlap. */
export interface Matched {
  /** Windows by alert. A false alert has none. */
  readonly windowsOf: ReadonlyMap<Firing, readonly Window[]>
  /** First alert by window. It contains only windows that were found. */
  readonly firstOf: ReadonlyMap<Window, Firing>
}

export function matched(firings: readonly Firing[], windows: readonly Window[]): Matched {
  const byEntity = new Map<string, Window[]>()
  for (const window of windows)
    for (const { entity } of window.entities) {
      const own = byEntity.get(entity)
      if (own) own.push(window)
      else byEntity.set(entity, [window])
    }
  const windowsOf = new Map<Firing, readonly Window[]>()
  const firstOf = new Map<Window, Firing>()
  for (const firing of firings) {
    const own = (byEntity.get(firing.entity) ?? []).filter(window => tellsOf(firing, window))
    windowsOf.set(firing, own)
    for (const window of own)
      if (firing.fromMs < (firstOf.get(window)?.fromMs ?? Number.POSITIVE_INFINITY))
        firstOf.set(window, firing)
  }
  return { windowsOf, firstOf }
}

/** Returns the time from the start of a window to its first alert, in milliseconds. Returns 0 if the alert was already firing. */
export function delayMs(window: Window, first: Firing): number {
  return Math.max(0, first.fromMs - window.fromMs)
}

/**
 * Computes the score of alerts.
 *
 * @param entities entities whose recorded time is used for the rate of false alerts
 */
export function scoreOf(
  firings: readonly Firing[],
  windows: readonly Window[],
  entities: readonly RecordedEntity[],
): Score {
  const { windowsOf, firstOf } = matched(firings, windows)
  const trueAlerts = firings.filter(firing => windowsOf.get(firing)?.length !== 0).length
  const falseAlerts = firings.length - trueAlerts
  const delays = [...firstOf].map(([window, first]) => delayMs(window, first)).sort((a, b) => a - b)
  const entityDays = entities.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / DAY_MS
  const firingMs = firings.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const insideMs = firings.reduce((sum, firing) => sum + insideOf(firing, windowsOf.get(firing) ?? []), 0)
  return {
    ...{ alerts: firings.length, trueAlerts, falseAlerts, precision: ratio(trueAlerts, firings.length) },
    ...{ windows: windows.length, found: delays.length, recall: ratio(delays.length, windows.length) },
    delayMs: delays.length === 0 ? null : { median: medianOf(delays), max: delays.at(-1) as number },
    ...{ entityDays, falsePerEntityDay: ratio(falseAlerts, entityDays) },
    firingOutside: ratio(firingMs - insideMs, firingMs),
  }
}

/** Returns for how long an alert fires within its windows. Time in overlapping windows counts once. */
function insideOf(firing: Firing, windows: readonly Window[]): number {
  let untilMs = firing.fromMs
  let sum = 0
  for (const { fromMs, toMs } of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const [start, end] = [Math.max(fromMs, untilMs), Math.min(toMs, firing.toMs)]
    sum += Math.max(0, end - start)
    untilMs = Math.max(untilMs, end)
  }
  return sum
}

/**
 * Returns the median.
 *
 * @param sorted values in ascending order; must not be empty
 */
function medianOf(sorted: readonly number[]): number {
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return ((low as number) + (high as number)) / 2
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
