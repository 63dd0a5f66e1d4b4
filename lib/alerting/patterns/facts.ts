/** Properties of readings and of other events that patterns compare, and whether an event matches. Pure. */

import { attributeText, type Received } from '#runtime/consumer'
import { matchesAnyPattern, matchesConditions, readOwn } from '../../support/text-match.ts'
import type { Families, Family, ReadingData } from '../../telemetry/families.ts'
import { conditionKind, fires } from '../condition.ts'
import { type Match, matchesEntity } from '../rule.ts'
import type { EventName } from './event-names.ts'
import type { EventMatcher, GroupField, Matcher, ReadingMatcher } from './pattern.ts'

export interface Facts {
  /** Name of the event; undefined for a reading. */
  readonly event: EventName | undefined
  /** Family of a reading; undefined for an event. */
  readonly family: string | undefined
  readonly data: ReadingData
  /** Entity of the event. */
  readonly entity: { readonly source: string; readonly subject?: string }
  readonly timeMs: number
  dimension(name: string): string | undefined
  readonly tags: Readonly<Record<string, unknown>>
}

export function createReadingFacts(event: Received, family: Family, data: ReadingData): Facts {
  return {
    event: undefined,
    family: family.name,
    data,
    entity: getEntity(event),
    timeMs: event.timeMs,
    dimension: name => toNonEmptyText(family.dimensions[name]?.(data)),
    tags: getTags(data),
  }
}

/**
 * Returns the facts of an event of the topic `events`.
 *
 * @param data event data, including the entity that the event is about
 */
export function createEventFacts(
  families: Families,
  name: EventName,
  timeMs: number,
  data: ReadingData & Pick<Facts, 'entity'>,
): Facts {
  const { entity } = data
  const tags = getTags(data)
  return {
    event: name,
    family: undefined,
    data,
    entity: getEntity(entity),
    timeMs,
    dimension: dimension =>
      findInSource(families, dimension, entity.source) ?? toNonEmptyText(data[dimension] ?? tags[dimension]),
    tags,
  }
}

/**
 * Returns source and subject of the group to which an event belongs; undefined if the event does not have the property by which the
 * pattern groups.
 */
export function findGroup(facts: Facts, per: GroupField): Facts['entity'] | undefined {
  if (per === 'entity') return facts.entity
  const value = groupValue(facts, per)
  return value === undefined ? undefined : { source: toGroupSource(per), subject: attributeText(value) }
}

const TAGS = 'tags.'

/** Returns the name of the tag by which a pattern groups events; undefined if it groups by another property. */
function parseTag(per: string): string | undefined {
  return per.startsWith(TAGS) ? per.slice(TAGS.length) : undefined
}

function toGroupSource(per: GroupField): string {
  const tag = parseTag(per)
  return tag === undefined ? `/groups/${per}` : `/groups/tags/${encodeURIComponent(tag)}`
}

function groupValue(facts: Facts, per: GroupField): string | undefined {
  const tag = parseTag(per)
  if (tag === undefined) return facts.dimension(per)
  return Object.hasOwn(facts.tags, tag) ? toNonEmptyText(facts.tags[tag]) : undefined
}

function getTags(data: ReadingData): Readonly<Record<string, unknown>> {
  const { tags } = data
  return typeof tags === 'object' && tags !== null ? (tags as Readonly<Record<string, unknown>>) : {}
}

/** Returns the text; undefined for other types and for an empty text, which cannot be the name of a group. */
function toNonEmptyText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function getEntity({ source, subject }: Pick<Received, 'source' | 'subject'>): Facts['entity'] {
  return { source, ...(subject === undefined ? {} : { subject }) }
}

/** Returns the value that a dimension has in a source, as the family of the entity writes it there. */
function findInSource(families: Families, dimension: string, source: string): string | undefined {
  for (const { inSource } of families.all) {
    const value = inSource[dimension]?.(source)
    if (value !== undefined) return value
  }
  return undefined
}

export function isMet(matcher: Matcher, facts: Facts): boolean {
  const isKind = matcher.of === 'reading' ? isReading(matcher, facts) : isEvent(matcher, facts)
  return isKind && (matcher.match === undefined || matches(matcher.match, facts))
}

function isReading({ family, metric, condition }: ReadingMatcher, facts: Facts): boolean {
  if (facts.family !== family) return false
  if (metric === undefined) return true
  const value = facts.data[metric]
  if (condition) return conditionKind(condition).isValue(value) && fires(condition, value)
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))
}

function isEvent({ event, where }: EventMatcher, { event: own, data }: Facts): boolean {
  return own === event && matchesConditions(where, field => String(data[field]))
}

function matches(match: Match, { entity, dimension, tags }: Facts): boolean {
  return (
    matchesEntity(match, entity.subject) &&
    match.dimensions.every(([name, texts]) => matchesAnyPattern(texts, dimension(name))) &&
    matchesConditions(match.tags, readOwn(tags))
  )
}
