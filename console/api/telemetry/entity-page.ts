/** One page of the list of entities: chosen, sorted and cut here, because ten thousand are too many for a browser. Pure. */
import type { Statistics } from '../../../lib/analytics/statistics.ts'
import type { ListedEntity } from '../../../lib/tables/statistics.ts'
import { FAMILIES, type FamilyName } from '../../../lib/telemetry/families.ts'

export const STATISTICS = ['last', 'mean', 'minimum', 'maximum', 'standardDeviation'] as const
/** Which of the statistics of a metric is shown, and sorted by. */
export type StatisticName = (typeof STATISTICS)[number]

export interface EntityPageQuery {
  /** Words that must all be in source and subject, whatever their case. */
  readonly find: string
  /** The family that has most entities if it is not said. */
  readonly family?: FamilyName | undefined
  readonly statistic: StatisticName
  /** `entity`, `readings`, `last-reading`, `alerts` or a metric; with `-` before it for the other way round. */
  readonly sort: string
  /** Only entities with an alert that fires. */
  readonly alerting: boolean
  /** Counted from 1. */
  readonly page: number
}

export interface EntityPage {
  readonly family: FamilyName
  /** How many entities of each family match. */
  readonly families: readonly { readonly family: FamilyName; readonly entities: number }[]
  readonly metrics: readonly ShownMetric[]
  readonly rows: readonly EntityRow[]
  readonly page: number
  readonly pages: number
  /** Entities of the family that match. */
  readonly matching: number
  /** Entities that were looked at, of all families, and whether these are all. */
  readonly known: number
  readonly isWhole: boolean
}

export interface ShownMetric {
  readonly name: string
  /** `1` for counts. */
  readonly unit: string
}

interface EntityRow {
  /** `source`, a space, `subject`. */
  readonly entity: string
  readonly readings: number
  /** RFC 3339. */
  readonly lastAt: string
  /** Alerts of it that fire. */
  readonly alerts: number
  /** The wanted statistic, in the order of the metrics; null where the entity has never reported the metric. */
  readonly values: readonly (number | null)[]
}

/** The entities that the console knows, and whether these are all. */
export interface EntityList {
  readonly entities: readonly ShownEntity[]
  readonly isWhole: boolean
}

/** An entity without its open minute: ten thousand of them are kept. */
export type ShownEntity = Omit<ListedEntity, 'open'>

export const PAGE_SIZE = 50

/** @param alerts that fire, by the name of the entity */
export function entityPage(
  { entities, isWhole }: EntityList,
  alerts: ReadonlyMap<string, number>,
  query: EntityPageQuery,
): EntityPage {
  const words = query.find.toLowerCase().split(/\s+/).filter(Boolean)
  const alertsOf = ({ entity }: ShownEntity) => alerts.get(entity.trim()) ?? 0
  const matching = entities.filter(one => {
    const text = one.entity.toLowerCase()
    return words.every(word => text.includes(word)) && (!query.alerting || alertsOf(one) > 0)
  })
  const families = countedFamilies(entities, matching)
  const family = query.family ?? largestOf(families)
  const metrics = metricsOf(family)
  const own = matching.filter(one => one.family === family)
  const pages = Math.max(1, Math.ceil(own.length / PAGE_SIZE))
  const page = Math.min(query.page, pages)
  const sorted = sortedBy(own, query, alertsOf)
  const rows = sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE).map(one => ({
    entity: one.entity,
    readings: one.readings,
    lastAt: new Date(one.lastAtMs).toISOString(),
    alerts: alertsOf(one),
    values: metrics.map(({ name }) => figureOf(one.metrics[name], query.statistic)),
  }))
  const known = entities.length
  return { family, families, metrics, rows, page, pages, matching: own.length, known, isWhole }
}

/** Returns the metrics in the order of the table of families. */
export function metricsOf(family: FamilyName): ShownMetric[] {
  return Object.entries(FAMILIES[family].metrics).map(([name, unit]) => ({ name, unit }))
}

/** Families of which no entity is known at all are left out. */
function countedFamilies(
  all: readonly ShownEntity[],
  matching: readonly ShownEntity[],
): EntityPage['families'] {
  const count = (family: FamilyName) => matching.filter(one => one.family === family).length
  const known = new Set(all.map(({ family }) => family))
  return (Object.keys(FAMILIES) as FamilyName[]).flatMap(family =>
    known.has(family) ? [{ family, entities: count(family) }] : [],
  )
}

function largestOf(families: EntityPage['families']): FamilyName {
  const [largest] = families.toSorted((a, b) => b.entities - a.entities)
  return largest?.family ?? 'environment'
}

function figureOf(statistics: Statistics | undefined, wanted: StatisticName): number | null {
  if (statistics === undefined) return null
  if (wanted !== 'standardDeviation') return statistics[wanted]
  return Math.sqrt(statistics.m2 / statistics.count)
}

/** Entities that lack what is sorted by are last, whichever way round. */
function sortedBy(
  entities: readonly ShownEntity[],
  { sort, statistic }: EntityPageQuery,
  alertsOf: (entity: ShownEntity) => number,
): ShownEntity[] {
  const sign = sort.startsWith('-') ? -1 : 1
  const by = sort.replace(/^-/, '')
  const keys = entities.map(entity => ({ entity, key: keyOf(entity, by, statistic, alertsOf) }))
  keys.sort((a, b) => {
    if (a.key === b.key) return a.entity.entity < b.entity.entity ? -1 : 1
    if (a.key === null || b.key === null) return a.key === null ? 1 : -1
    return a.key < b.key ? -sign : sign
  })
  return keys.map(({ entity }) => entity)
}

function keyOf(
  entity: ShownEntity,
  by: string,
  statistic: StatisticName,
  alertsOf: (entity: ShownEntity) => number,
): string | number | null {
  if (by === 'readings') return entity.readings
  if (by === 'last-reading') return entity.lastAtMs
  if (by === 'alerts') return alertsOf(entity)
  if (Object.hasOwn(entity.metrics, by)) return figureOf(entity.metrics[by], statistic)
  return Object.hasOwn(FAMILIES[entity.family].metrics, by) ? null : entity.entity
}
