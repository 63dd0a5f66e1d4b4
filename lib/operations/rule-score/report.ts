/** Builds the report of `sluice rules score`, with the scores and the data on which they are based. Pure. */

import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Firing } from '../../alerting/firings.ts'
import type { Label } from './label.ts'
import type { RecordedEntity, Watch } from './recorded.ts'
import {
  delayMs,
  type Matched,
  matched,
  type NotCountedReason,
  type Score,
  scoreOf,
  type Window,
  windowOf,
  windowsFor,
} from './score.ts'

/** Label as in the labels file, with times in UTC. */
interface ShownLabel {
  readonly entity: string
  readonly metric?: string
  readonly from: string
  readonly to: string
  readonly kind?: string
}

interface ShownAlert {
  readonly rule: string
  readonly entity: string
  readonly metric?: string
  readonly startedAt: string
  /** Time at which the alert resolved; null if it was still firing at the end of the entity's recording. */
  readonly endedAt: string | null
  readonly value?: number | string
}

export interface ScoreReport {
  readonly recording: {
    readonly readings: number
    readonly duplicates: number
    /** Number of events that are not readings. `alerting` ignores them. */
    readonly others: number
    readonly entities: number
    readonly from: string
    readonly to: string
  }
  readonly rules: readonly ({ readonly rule: string } & Score)[]
  /** Score of all rules together. A window counts as found if any rule finds it. */
  readonly total: Score
  /** Scores by kind of label. */
  readonly kinds: readonly KindScore[]
  readonly found: readonly (ShownLabel & { readonly delayMs: number; readonly alert: ShownAlert })[]
  readonly missed: readonly ShownLabel[]
  readonly falseAlerts: readonly ShownAlert[]
  /** Labels that do not count, because they are not covered by the recording. */
  readonly notCounted: readonly (ShownLabel & { readonly reason: NotCountedReason })[]
  /**
   * Number of alerts that fired only after the last reading of their entity. They are not scored, because it is unknown whether
   * they are true.
   */
  readonly afterTheEnd: number
  /** Rules that match no reading in the recording. */
  readonly unusedRules: readonly string[]
}

export interface Evidence {
  readonly firings: readonly Firing[]
  readonly labels: readonly Label[]
  readonly recorded: ReadonlyMap<string, RecordedEntity>
  readonly watches: readonly Watch[]
  readonly readings: number
  readonly duplicates: number
  readonly others: number
}

export function reportOf({
  firings,
  labels,
  recorded,
  watches,
  readings,
  duplicates,
  others,
}: Evidence): ScoreReport {
  const within = firings.flatMap(firing => withinRecording(firing, recorded) ?? [])
  const ended = new Set(firings)
  const judged = labels.map(label => [label, windowOf(label, recorded.values())] as const)
  const windows = judged.flatMap(([, window]) => ('reason' in window ? [] : [window]))
  const used = watches.filter(({ entities }) => entities.size > 0)
  const all = matched(within, windows)
  const watched = new Set(used.flatMap(({ entities }) => [...entities]))
  const of = (entities: ReadonlySet<string>) => [...recorded.values()].filter(one => entities.has(one.entity))
  const shown = (firing: Firing) => shownAlert(firing, ended)
  const isMissed = (window: Window) => !all.firstOf.has(window)
  return {
    recording: { readings, duplicates, others, entities: recorded.size, ...extentOf(recorded) },
    rules: used.map(watch => {
      const own = within.filter(({ rule }) => rule === watch.rule)
      return { rule: watch.rule, ...scoreOf(own, windowsFor(watch, windows), of(watch.entities)) }
    }),
    total: scoreOf(within, windows, of(watched)),
    kinds: kindsOf(windows, all),
    found: [...all.firstOf]
      .sort(([a], [b]) => a.fromMs - b.fromMs)
      .map(([window, first]) => ({
        ...shownLabel(window),
        delayMs: delayMs(window, first),
        alert: shown(first),
      })),
    missed: windows.filter(isMissed).map(shownLabel),
    falseAlerts: within.filter(firing => all.windowsOf.get(firing)?.length === 0).map(shown),
    notCounted: judged.flatMap(([label, window]) =>
      'reason' in window ? [{ ...shownLabel(label), reason: window.reason }] : [],
    ),
    afterTheEnd: firings.length - within.length,
    unusedRules: watches.filter(({ entities }) => entities.size === 0).map(({ rule }) => rule),
  }
}

/** Returns the alert, limited to the time range of its entity's recording. Returns undefined if it fired only afterwards. */
function withinRecording(firing: Firing, recorded: ReadonlyMap<string, RecordedEntity>): Firing | undefined {
  const endMs = recorded.get(firing.entity)?.toMs
  if (endMs === undefined || firing.fromMs > endMs) return undefined
  return firing.toMs <= endMs ? firing : { ...firing, toMs: endMs }
}

function extentOf(recorded: ReadonlyMap<string, RecordedEntity>) {
  const all = [...recorded.values()]
  return {
    from: instant(all.reduce((first, { fromMs }) => Math.min(first, fromMs), Number.POSITIVE_INFINITY)),
    to: instant(all.reduce((last, { toMs }) => Math.max(last, toMs), Number.NEGATIVE_INFINITY)),
  }
}

function shownLabel({ entity, metric, fromMs, toMs, kind }: Label): ShownLabel {
  const from = { from: instant(fromMs), to: instant(toMs) }
  return {
    entity,
    ...(metric === undefined ? {} : { metric }),
    ...from,
    ...(kind === undefined ? {} : { kind }),
  }
}

/**
 * Returns an alert for the report.
 *
 * @param ended alerts that resolved. All other alerts were still firing at the end of the recording.
 */
function shownAlert(firing: Firing, ended: ReadonlySet<Firing>): ShownAlert {
  const { rule, entity, metric, fromMs, toMs, value } = firing
  return {
    ...{ rule, entity, ...(metric === undefined ? {} : { metric }) },
    ...{ startedAt: instant(fromMs), endedAt: ended.has(firing) ? instant(toMs) : null },
    ...(value === undefined ? {} : { value }),
  }
}

interface KindScore {
  readonly kind: string
  /**
   * Number of anomalies. An anomaly can have several windows, for example one for each metric. It counts as found if at least one
   * of them is found.
   */
  readonly anomalies: number
  readonly anomaliesFound: number
  readonly windows: number
  readonly found: number
}

/** Returns the scores by kind of label, sorted by kind. Labels without a kind are omitted. */
function kindsOf(windows: readonly Window[], { firstOf }: Matched): readonly KindScore[] {
  const named = windows.filter(({ kind }) => kind !== undefined)
  const isFound = (window: Window) => firstOf.has(window)
  return [...Map.groupBy(named, ({ kind }) => kind as string)]
    .map(([kind, own]) => {
      const anomalies = anomaliesIn(own)
      return {
        ...{ kind, anomalies: anomalies.length },
        anomaliesFound: anomalies.filter(anomaly => anomaly.some(isFound)).length,
        ...{ windows: own.length, found: own.filter(isFound).length },
      }
    })
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

/** Groups the windows of one kind into anomalies. Overlapping windows of the same entity belong to the same anomaly. */
function anomaliesIn(windows: readonly Window[]): readonly (readonly Window[])[] {
  return [...Map.groupBy(windows, ({ entity }) => entity).values()].flatMap(own => {
    const anomalies: Window[][] = []
    let endMs = Number.NEGATIVE_INFINITY
    for (const window of own.toSorted((a, b) => a.fromMs - b.fromMs)) {
      if (window.fromMs > endMs) anomalies.push([])
      anomalies.at(-1)?.push(window)
      endMs = Math.max(endMs, window.toMs)
    }
    return anomalies
  })
}
