/** Filters and paginates the list of entities on the server, because a browser cannot show ten thousand rows. Pure. */

import { textFilter } from '../../../lib/support/text-match.ts'
import type { ListedEntity } from '../../../lib/tables/entity-statistics.ts'
import { FAMILIES, type FamilyName } from '../../../lib/telemetry/families.ts'

export interface EntityPageQuery {
  /** Words that the source and subject must contain, ignoring case. */
  readonly find: string
  /** Family to list; by default, the family with the most entities. */
  readonly family?: FamilyName | undefined
  /** Page number, starting at 1. */
  readonly page: number
}

export interface EntityPage {
  readonly family: FamilyName
  /** Number of matching entities by family. */
  readonly families: readonly { readonly family: FamilyName; readonly entities: number }[]
  readonly metrics: readonly ShownMetric[]
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
  /** Unit of the metric; `1` for counts. */
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

/** Returns one page of entities: first those with alerts, then by name. @param alerts number of firing alerts by entity */
export function buildEntityPage(
  { entities, isWhole }: EntityList,
  alerts: ReadonlyMap<string, number>,
  query: EntityPageQuery,
): EntityPage {
  const fits = textFilter(query.find)
  const countAlerts = ({ entity }: ShownEntity) => alerts.get(entity.trim()) ?? 0
  const matching = entities.filter(one => fits(one.entity))
  const families = countFamilies(entities, matching)
  const family = query.family ?? findLargestFamily(families)
  const metrics = listMetrics(family)
  const own = matching.filter(one => one.family === family)
  const pages = Math.max(1, Math.ceil(own.length / PAGE_SIZE))
  const page = Math.min(query.page, pages)
  const sorted = own.toSorted((a, b) => countAlerts(b) - countAlerts(a) || (a.entity < b.entity ? -1 : 1))
  const rows = sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE).map(one => ({
    entity: one.entity,
    readings: one.readings,
    lastAt: new Date(one.lastAtMs).toISOString(),
    alerts: countAlerts(one),
    values: metrics.map(({ name }) => one.metrics[name]?.last ?? null),
  }))
  const known = entities.length
  return { family, families, metrics, rows, page, pages, matching: own.length, known, isWhole }
}

/** Returns the metrics of a family, in the order of their declaration. */
export function listMetrics(family: FamilyName): ShownMetric[] {
  return Object.entries(FAMILIES[family].metrics).map(([name, unit]) => ({ name, unit }))
}

/** Counts the matching entities by family. Families without any entities are omitted. */
function countFamilies(
  all: readonly ShownEntity[],
  matching: readonly ShownEntity[],
): EntityPage['families'] {
  const count = (family: FamilyName) => matching.filter(one => one.family === family).length
  const presentFamilies = new Set(all.map(({ family }) => family))
  return (Object.keys(FAMILIES) as FamilyName[]).flatMap(family =>
    presentFamilies.has(family) ? [{ family, entities: count(family) }] : [],
  )
}

function findLargestFamily(families: EntityPage['families']): FamilyName {
  const [largest] = families.toSorted((a, b) => b.entities - a.entities)
  return largest?.family ?? 'environment'
}
