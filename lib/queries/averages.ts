/** Combines the statistics of several entities, such as all entities of a family, a site, a database type or a model. Pure. */

import type { Statistics } from '../analytics/statistics.ts'
import { WINDOW_MS } from '../analytics/windows.ts'
import { sumOf } from '../count.ts'
import type { ListedEntity as TableEntity } from '../tables/statistics.ts'
import type { FamilyName } from '../telemetry/families.ts'

type ListedEntity = Omit<TableEntity, 'open'>

/** Combined statistics of a metric. */
interface Average {
  /** Mean of the entities' newest values. */
  readonly last: number
  /** Mean of all readings of all entities. */
  readonly mean: number
  readonly minimum: number
  readonly maximum: number
  /** Population standard deviation of all readings of all entities. */
  readonly standardDeviation: number
}

export interface GroupAverages {
  readonly family: FamilyName
  /** Common source of the entities, or the name of the family. */
  readonly name: string
  readonly entities: number
  /** Number of readings, counted from the first reading of each entity. */
  readonly readings: number
  /** Number of readings in the last complete minute of event time. */
  readonly readingsInMinute: number
  /** Averages by metric. */
  readonly metrics: Readonly<Record<string, Average>>
}

/**
 * Groups the entities, and returns the combined statistics of each group by name.
 *
 * @param nameOf returns the name of an entity's group. Entities of different families are never in the same group.
 * @param nowMs current time in milliseconds since the epoch, from which the last complete minute is derived
 */
export function averagesBy(
  entities: readonly ListedEntity[],
  nameOf: (entity: ListedEntity) => string,
  nowMs: number,
): GroupAverages[] {
  const minuteMs = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS - WINDOW_MS
  const groups = Map.groupBy(entities, one => `${one.family} ${nameOf(one)}`)
  const found = [...groups.values()].map(members => groupOf(members, nameOf, minuteMs))
  return found.sort((a, b) => byText(a.family, b.family) || byText(a.name, b.name))
}

function groupOf(
  members: readonly ListedEntity[],
  nameOf: (entity: ListedEntity) => string,
  minuteMs: number,
): GroupAverages {
  const [first] = members as [ListedEntity]
  const byMetric = new Map<string, Statistics[]>()
  for (const { metrics } of members)
    for (const [metric, statistics] of Object.entries(metrics)) {
      const known = byMetric.get(metric)
      if (known) known.push(statistics)
      else byMetric.set(metric, [statistics])
    }
  const minutes = members.flatMap(one => one.minutes.filter(({ startMs }) => startMs === minuteMs))
  return {
    family: first.family,
    name: nameOf(first),
    entities: members.length,
    readings: sumOf(members.map(({ readings }) => readings)),
    readingsInMinute: sumOf(minutes.map(({ readings }) => readings)),
    metrics: Object.fromEntries([...byMetric].map(([metric, all]) => [metric, averageOf(all)])),
  }
}

/**
 * Combines the statistics of several entities, using Chan's formula for the standard deviation, which does not need the individual
 * values.
 */
function averageOf(all: readonly Statistics[]): Average {
  const count = sumOf(all.map(one => one.count))
  const mean = sumOf(all.map(one => one.mean * (one.count / count)))
  const m2 = sumOf(all.map(one => one.m2 + one.count * (one.mean - mean) ** 2))
  return {
    last: sumOf(all.map(({ last }) => last / all.length)),
    mean,
    minimum: all.reduce((least, { minimum }) => Math.min(least, minimum), Number.POSITIVE_INFINITY),
    maximum: all.reduce((most, { maximum }) => Math.max(most, maximum), Number.NEGATIVE_INFINITY),
    standardDeviation: Math.sqrt(m2 / count),
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
