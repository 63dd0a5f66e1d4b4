/** Filters and paginates the list of entities on the server, because a browser cannot show ten thousand rows. Pure. */

import { textFilter } from '../../../lib/support/text-match.ts'
import type { ListedEntity } from '../../../lib/tables/entity-statistics.ts'
import type { Families } from '../../../lib/telemetry/families.ts'

export interface EntityPageQuery {
  /** Words that the source and subject must contain, ignoring case. */
  readonly find: string
  /** Family to list; by default, the family with most matching entities. */
  readonly family?: string | undefined
  /** Words that the names of the listed metrics must contain, ignoring case. */
  readonly metric: string
  /** Page number, starting at 1. */
  readonly page: number
}

export interface EntityPage {
  readonly family: string
  /** Number of matching entities by family. */
  readonly families: readonly { readonly family: string; readonly entities: number }[]
  readonly metrics: readonly ShownMetric[]
  /** Number of metrics that the shown entities have, including those that are not listed. */
  readonly measured: number
  readonly rows: readonly EntityRow[]
  readonly page: number
  readonly pages: number
  /** Number of matching entities of the family. */
  readonly matching: number
  /** Number of examined entities of all families. `isWhole` is true if all entities were examined. */
  readonly known: number
  readonly isWhole: boolean
}

export interface ShownMetric {
  readonly name: string
  /** Unit of the metric; `1` for counts, and empty for metrics without a unit. */
  readonly unit: string
}

interface EntityRow {
  /** Source and subject, separated by a space. */
  readonly entity: string
  readonly readings: number
  /** Event time of the last reading, RFC 3339. */
  readonly lastAt: string
  /** Number of firing alerts of the entity. */
  readonly alerts: number
  /** Newest value of each metric; null if the entity has never reported the metric. */
  readonly values: readonly (number | null)[]
}

/** Entities that were read. `isWhole` is true if these are all entities. */
export interface EntityList {
  readonly entities: readonly ShownEntity[]
  readonly isWhole: boolean
}

/**
 * An entity without the statistics of its current minute. They are omitted to save memory, because the list may have ten thousand
 * entities.
 */
export type ShownEntity = Omit<ListedEntity, 'open'>

export const PAGE_SIZE = 50
/** Maximum number of metrics in the list. A family can have hundreds of them. */
export const MAX_LISTED_METRICS = 12

/** Returns one page of entities: first those with alerts, then by name. @param alerts number of firing alerts by entity */
export function buildEntityPage(
  families: Families,
  { entities, isWhole }: EntityList,
  alerts: ReadonlyMap<string, number>,
  query: EntityPageQuery,
): EntityPage {
  const fits = textFilter(query.find)
  const countAlerts = ({ entity }: ShownEntity) => alerts.get(entity.trim()) ?? 0
  const matching = entities.filter(entity => fits(entity.entity))
  const counts = countFamilies(entities, matching)
  const family = query.family ?? counts[0]?.family ?? families.names[0] ?? ''
  const own = matching.filter(entity => entity.family === family)
  const pages = Math.max(1, Math.ceil(own.length / PAGE_SIZE))
  const page = Math.min(query.page, pages)
  const sorted = own.toSorted((a, b) => countAlerts(b) - countAlerts(a) || (a.entity < b.entity ? -1 : 1))
  const shown = sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
  const all = listMetrics(
    families,
    family,
    shown.map(entity => entity.metrics),
  )
  const metrics = selectMetrics(all, shown, query.metric)
  const rows = shown.map(entity => ({
    entity: entity.entity,
    readings: entity.readings,
    lastAt: new Date(entity.lastAtMs).toISOString(),
    alerts: countAlerts(entity),
    values: metrics.map(({ name }) => entity.metrics[name]?.last ?? null),
  }))
  const known = entities.length
  const measured = all.length
  return {
    ...{ family, families: counts, metrics, measured, rows, page, pages },
    ...{ matching: own.length, known, isWhole },
  }
}

/**
 * Returns the metrics of a family in the order of their declaration, followed by the other metrics that entities have reported.
 *
 * @param reported statistics of the entities
 */
export function listMetrics(
  families: Families,
  family: string,
  reported: readonly Readonly<Record<string, unknown>>[],
): ShownMetric[] {
  const declared = families.byName[family]?.metrics ?? {}
  const others = new Set(reported.flatMap(metrics => Object.keys(metrics)))
  return [...new Set([...Object.keys(declared), ...[...others].sort()])].map(name => ({
    name,
    unit: Object.hasOwn(declared, name) ? (declared[name] as string) : '',
  }))
}

/** Returns the metrics to list. If there are too many, those that the entities have reported come first. */
function selectMetrics(
  all: readonly ShownMetric[],
  entities: readonly ShownEntity[],
  find: string,
): readonly ShownMetric[] {
  const fits = textFilter(find)
  const matching = all.filter(({ name }) => fits(name))
  if (matching.length <= MAX_LISTED_METRICS) return matching
  const isReported = ({ name }: ShownMetric) => entities.some(({ metrics }) => Object.hasOwn(metrics, name))
  return [...matching.filter(isReported), ...matching.filter(metric => !isReported(metric))].slice(
    0,
    MAX_LISTED_METRICS,
  )
}

/** Counts the matching entities by family; families with most entities are first. Families without any entities are omitted. */
function countFamilies(
  all: readonly ShownEntity[],
  matching: readonly ShownEntity[],
): EntityPage['families'] {
  const names = [...new Set(all.map(({ family }) => family))].sort()
  return names
    .map(family => ({ family, entities: matching.filter(entity => entity.family === family).length }))
    .toSorted((a, b) => b.entities - a.entities)
}
