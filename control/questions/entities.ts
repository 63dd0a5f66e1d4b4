/** Entities with their newest values, and the statistics of their metrics, as the processor maintains them. */

import { instant, parseEntity } from '#runtime/consumer'
import { showStates, toSeconds } from '../../lib/analytics/entity-states.ts'
import { type MetricStatistics, showMetrics } from '../../lib/analytics/metric-statistics.ts'
import { STATISTICS } from '../../lib/analytics/processor.ts'
import type { TimeInValues } from '../../lib/analytics/state-times.ts'
import { INTAKE } from '../../lib/intake/input.ts'
import { formatShare } from '../../lib/support/balance.ts'
import { computeUnknownMs } from '../../lib/support/duration.ts'
import { hasSymbol } from '../../lib/support/short-number.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { getOutcome, type Outcomes, readOutcomes } from '../queries/states/outcomes.ts'
import { ACTIVITIES, type EntityActivity } from '../tables/activities.ts'
import {
  type ListedEntity,
  listMetrics,
  listStates,
  MAX_LISTED_METRICS,
  type NamedState,
  ENTITIES as TABLE,
} from '../tables/entity-statistics.ts'
import { listStateKeys, readTable } from '../tables/table.ts'
import { readFiringAlerts } from './alert-source.ts'
import { column, count, type MetricValue, type Tone } from './column.ts'
import { compareWithLimits, findValueRules } from './entity-limits.ts'
import type { Environment } from './environment.ts'
import { type Field, type Filter, listDistinct, offerNames, optionalNameField, textField } from './field.ts'
import { type KnownValues, type Limits, question } from './question.ts'
import { readActiveRules } from './rules.ts'

const WHOLE_OR_WORDS = 'whole subject of an entity, or words of its source and subject'

const OF_METRICS = {
  family: offerNames(textField('only entities of this family', 'greenhouse')),
  metric: textField('words of the names of the metrics to show', 'soilMoisture'),
}

/** Limits of pages: the states of more entities would take too much memory. */
const ON_PAGE = { mostRecords: 50_000, sharedMs: 4_000, values: readKnownNames }

/** Returns the names of families, metrics and values of states. */
async function readKnownNames({ config }: Environment): Promise<KnownValues> {
  const families = Object.values(config.families.byName)
  return {
    family: listDistinct(Object.keys(config.families.byName)),
    metric: listDistinct(families.flatMap(({ metrics }) => Object.keys(metrics))),
    state: listDistinct(families.flatMap(({ states = {} }) => Object.values(states).flat())),
  }
}

const EMPTY =
  'No entity matches. Entities are known once the processor has received a reading: `sluice publish` sends one.'

export const ENTITIES = question({
  title: 'Entities',
  ofFlow: [TABLE.process.name],
  about: `List the entities with their states and newest values, and the number of their firing alerts. Those with alerts are first.
\`sluice stats\` shows the statistics of their metrics and states.`,
  more: `
Examples:
  sluice entities list
  sluice entities list --state fault
  sluice entities list --family greenhouse --metric soilMoisture --json`,
  filter: {
    find: textField(`${WHOLE_OR_WORDS}, or of the tags of its newest reading`, 'roof-1'),
    state: textField(
      'only entities with this value of a state, or of the named one',
      'fault, or status=fault',
    ),
    ...OF_METRICS,
  },
  async read(environment, filter, limits) {
    const activities = await readActivities(environment, limits)
    const fits = textFilter(filter.find ?? '')
    // A mapping may take the entity from the data. The source of the record's own event is then a tag.
    const hasTag = (entity: string) => fits(Object.values(activities.get(entity)?.tags ?? {}).join(' '))
    const [{ entities, describe, notes }, firing, rules] = await Promise.all([
      readEntities(environment, filter, limits, hasTag),
      readFiringAlerts(environment),
      // Without rules, no value is near a limit.
      readActiveRules(environment).then(
        ({ rules }) => rules,
        () => [],
      ),
    ])
    const alerts = Map.groupBy(firing, ({ entity }) => entity)
    const countAlerts = (entity: string) => alerts.get(entity.trim())?.length ?? 0
    const found = entities
      .filter(row => filter.state === undefined || hasState(describe(row).states, filter.state))
      .sort((a, b) => countAlerts(b.entity) - countAlerts(a.entity))
    const rows = found
      .slice(0, limits.most)
      .map(describe)
      .map(({ metrics, states, lastAtMs, open: _, ...entity }) => {
        const activity = activities.get(entity.entity)
        const own = alerts.get(entity.entity.trim()) ?? []
        const family = [entity.family, environment.config.families.byName[entity.family]] as const
        const { subject } = parseEntity(entity.entity)
        const watching = findValueRules(rules, family, subject, { tags: activity?.tags })
        return {
          key: `${entity.partition} ${entity.entity}`,
          ...entity,
          ...describeNow(states),
          lastAt: new Date(lastAtMs).toISOString(),
          ...judgeAge(activity),
          ...judgeAlerts(own.length),
          values: listValues(metrics, metric => compareWithLimits(watching, own, metric)),
        }
      })
    const families = Map.groupBy(found, ({ family }) => family)
    const counts = [...families].map(([family, own]) => `${family} ${own.length}`)
    const more = found.length - rows.length
    return { rows, more, notes: [...notes, ...(counts.length > 1 ? [`Families: ${counts.join(', ')}`] : [])] }
  },
}).shownAs({
  key: 'key',
  columns: [
    column('entity', { type: 'entity', terminal: { least: 14 } }),
    column('states', { heading: 'State', type: 'badge', tone: 'stateTone', terminal: { least: 8 } }),
    column('stateSince', {
      ...{ heading: 'Since', type: 'time', tone: 'stateTone' },
      ...{ terminal: { leaveOut: 6 }, page: { isWide: true } },
    }),
    column('family', { terminal: { leaveOut: 2 }, page: { isWide: true, varies: true } }),
    count('alerts', { tone: 'tone' }),
    column('lastAt', {
      ...{ heading: 'Last reading', type: 'time', tone: 'age' },
      ...{ only: 'terminal', terminal: { leaveOut: 3 } },
    }),
    column('lastAt', {
      ...{ heading: 'Ago', type: 'span', tone: 'age' },
      ...{ terminal: { leaveOut: 4 }, page: { isWide: true } },
    }),
    column('silent', {
      ...{ type: 'badge', tone: 'age', terminal: { leaveOut: 5 }, page: { isWide: true } },
    }),
    count('readings', { only: 'terminal', terminal: { leaveOut: 1 } }),
    column('values', { heading: 'Newest values', type: 'metrics', terminal: { least: 20 } }),
  ],
  empty: EMPTY,
  page: ON_PAGE,
})

export const METRICS = question({
  title: 'Statistics',
  ofFlow: [TABLE.process.name],
  about: `Show the statistics of each entity, state and metric, and the outcomes of the processor's records.

The states are read from Redis, partition by partition, while the processor continues. STD DEV is the deviation of a
sample, with the divisor n − 1; 0 for a single reading. INCREASE is what a counter has risen. The mean of a direction is
that on the circle. SINCE is the time since which a state has its value or, if its family has changed, a metric is
counted. LAST HOUR and LAST DAY are the shares of a state's values before its newest reading.`,
  more: `
Examples:
  sluice stats roof-1
  sluice stats --metric soilMoisture --watch`,
  filter: { find: optionalNameField(WHOLE_OR_WORDS), ...OF_METRICS },
  async read(environment, filter, limits) {
    const { entities, describe, notes } = await readEntities(environment, filter, limits)
    const rows = entities.map(describe).flatMap(({ entity, partition, family, states, metrics }) => {
      const own: StatisticsRow[] = [...states.map(toStateRow), ...metrics]
      return own.map(row => ({
        key: `${partition} ${entity} ${row.metric}`,
        ...{ entity, partition, family, ...row },
      }))
    })
    const totals = await describeTotals(environment)
    const missing = rows.length === 0 && totals.length > 0 ? [EMPTY] : []
    return { rows, notes: [...missing, ...notes, ...totals] }
  },
}).shownAs({
  key: 'key',
  columns: [
    column('entity', { type: 'entity', terminal: { least: 14 } }),
    column('metric', { terminal: { least: 8 } }),
    count('count'),
    column('mean', { type: 'quantity', none: 'no mean' }),
    column('standardDeviation', { heading: 'Std dev', type: 'quantity', terminal: { leaveOut: 2 } }),
    column('minimum', { heading: 'Min', type: 'quantity', terminal: { leaveOut: 3 } }),
    column('maximum', { heading: 'Max', type: 'quantity', terminal: { leaveOut: 4 } }),
    column('last', { type: 'quantity' }),
    column('increase', { type: 'quantity', terminal: { leaveOut: 6 } }),
    column('unit'),
    column('lastAt', { type: 'time', terminal: { leaveOut: 1 } }),
    column('since', { type: 'time', terminal: { leaveOut: 7 } }),
    column('lastHour', { type: 'list', terminal: { leaveOut: 8 } }),
    column('lastDay', { type: 'list', terminal: { leaveOut: 5 } }),
  ],
  empty: EMPTY,
  page: ON_PAGE,
})

type Wanted = Filter<{ readonly find: Field<string> } & typeof OF_METRICS>

/** Reads the activity of each entity, by its name. Only families that observe it have some. */
async function readActivities(environment: Environment, { mostRecords: most }: Limits) {
  const topic = await environment.topicSize('readings')
  const { rows } = await readTable(await environment.inspection(), ACTIVITIES, topic, { most })
  return new Map(rows.map(activity => [activity.entity, activity]))
}

/** Says of an entity without a reading for longer than its family expects that it is silent, and shows the age in grey. */
function judgeAge({ isSilent = false }: Partial<Pick<EntityActivity, 'isSilent'>> = {}) {
  return { silent: isSilent ? 'silent' : null, age: (isSilent ? 'muted' : 'plain') satisfies Tone }
}

/**
 * Reads the matching entities, sorted by name. `describe` returns the statistics of the wanted metrics of one, which takes longer than
 * reading it.
 *
 * @param isWanted returns whether an entity matches for another reason than its name
 */
async function readEntities(
  environment: Environment,
  filter: Wanted,
  { mostRecords, nowMs }: Limits,
  isWanted?: (entity: string) => boolean,
) {
  const { find, family, metric = '' } = filter
  const fits = textFilter(metric)
  const { families } = environment.config
  const topic = await environment.topicSize('readings')
  const query = { text: find, most: mostRecords, ...(isWanted && { isWanted }) }
  const { rows, isWhole } = await readTable(await environment.inspection(), TABLE, topic, query)
  const describe = (row: ListedEntity) => ({
    ...row,
    metrics: listStatistics(families, row, metric),
    states: listStates(families, { ...row, states: showStates(row.states, nowMs) }).filter(({ name }) =>
      fits(name),
    ),
  })
  const hasWanted = ({ metrics, states }: ReturnType<typeof describe>) => metrics.length + states.length > 0
  const entities = rows
    .filter(row => family === undefined || row.family === family)
    .filter(row => metric === '' || hasWanted(describe(row)))
  const notes = isWhole ? [] : [`Only ${rows.length} entities were searched: narrow the filter.`]
  return { entities, describe, notes }
}

/** Returns the statistics of the metrics whose names have all words. Pure. */
export function listStatistics(
  families: Families,
  { family, metrics }: { readonly family: string; readonly metrics: MetricStatistics },
  words = '',
) {
  const fits = textFilter(words)
  const summaries = showMetrics(metrics)
  return listMetrics(families, family, [metrics]).flatMap(({ name, unit, is }) => {
    const summary = Object.hasOwn(summaries, name) && fits(name) ? summaries[name] : undefined
    if (!summary) return []
    const { increase = null, since = null, ...rest } = summary
    return [{ metric: name, is, unit: hasSymbol(unit) ? unit : '', ...rest, increase, since }]
  })
}

const UNKNOWN = 'unknown'

function hasState(states: readonly NamedState[], wanted: string): boolean {
  return states.some(({ name, value = UNKNOWN }) => wanted === value || wanted === `${name}=${value}`)
}

/** Returns the values of all states as one text, and since when the first one has its value. */
function describeNow(states: readonly NamedState[]) {
  const texts = states.map(({ name, value = UNKNOWN }) => (states.length > 1 ? `${name} ${value}` : value))
  const isUnknown = states.every(({ value }) => value === undefined)
  const [first] = states
  return {
    states: first ? texts.join(', ') : null,
    stateSince: first ? new Date(first.sinceMs).toISOString() : null,
    stateTone: (isUnknown ? 'muted' : 'plain') satisfies Tone,
  }
}

/** Statistics of a metric or of a state. Members of the other kind are absent. */
type StatisticsRow = Either<ReturnType<typeof listStatistics>[number], ReturnType<typeof toStateRow>>
type Either<A, B> = { [Member in keyof A & keyof B]: A[Member] | B[Member] } & Partial<Omit<A, keyof B>> &
  Partial<Omit<B, keyof A>>

/** Returns the row of a state. */
function toStateRow({ name, value, sinceMs, lastMs, count, late, hour, day }: NamedState) {
  return {
    ...{ metric: name, is: 'state' as const, unit: '', count, late },
    ...{ last: value ?? UNKNOWN, lastAt: instant(lastMs), since: instant(sinceMs) },
    ...{ lastHour: formatShares(hour), lastDay: formatShares(day) },
    ...{ hour: toPeriod(hour), day: toPeriod(day) },
  }
}

function toPeriod({ fromMs, toMs, ms }: TimeInValues) {
  return { from: instant(fromMs), to: instant(toMs), seconds: toSeconds(ms) }
}

/** Returns the share of each value, such as `running 83%`, and that of unknown time. Pure. */
export function formatShares(period: TimeInValues): string[] {
  const { fromMs, toMs, ms } = period
  const all: [string, number][] = [...Object.entries(ms), [UNKNOWN, computeUnknownMs(period)]]
  const shares = all.sort(([, a], [, b]) => b - a)
  return shares.flatMap(([value, time]) =>
    time > 0 ? [`${value} ${formatShare(time / (toMs - fromMs))}`] : [],
  )
}

/** Returns the newest values of the first metrics. @param compare compares a value with limits. Pure. */
export function listValues(
  metrics: ReturnType<typeof listStatistics>,
  compare: (metric: ReturnType<typeof listStatistics>[number]) => Pick<MetricValue, 'tone' | 'limit'>,
): MetricValue[] {
  const values = metrics
    .slice(0, MAX_LISTED_METRICS)
    .map(found => ({ metric: found.metric, value: found.last, unit: found.unit, ...compare(found) }))
  const more = metrics.length - values.length
  if (more === 0) return values
  return [...values, { metric: `${more} more`, value: null, unit: '', tone: 'muted', limit: null }]
}

function judgeAlerts(alerts: number) {
  return { alerts, tone: (alerts > 0 ? 'bad' : 'plain') satisfies Tone }
}

/** Number of partitions of an input that are counted. Kafka, which knows their number, is not asked. */
const MAX_PARTITIONS = 500

/** Returns sentences about the outcomes of the processor and, if it has read an input, of the intake. */
async function describeTotals(environment: Environment): Promise<string[]> {
  const inspection = await environment.inspection()
  const inputs = environment.inputs.map(({ topic }) => ({ topic, partitions: MAX_PARTITIONS }))
  const consumers = {
    Processor: listStateKeys(STATISTICS, await environment.topicSize('readings')),
    Intake: inputs.flatMap(topic => listStateKeys(INTAKE, topic)),
  }
  const found = Object.entries(consumers).map(async ([name, keys]) => {
    const outcomes = await readOutcomes(inspection, keys)
    const noun = name === 'Processor' ? 'readings' : 'records'
    return Object.keys(outcomes.reasons).length > 0 ? [`${name}: ${formatTotals(outcomes, noun)}`] : []
  })
  return (await Promise.all(found)).flat()
}

/** Reasons that most records have, which are not shown. */
const USUAL = /^(applied\/(counted|taken|window-.*)|duplicate\/id-known)$/

/** Texts of reasons. All others are shown as they are, such as the codes of failures. */
const REASONS: Readonly<Record<string, string>> = {
  'applied/late': 'too late for their minute',
  'ignored/tick': 'ticks of the clock',
  'ignored/rule-set': 'rule sets',
  'ignored/plan-of-tables': 'plans of tables',
  'ignored/not-mine': 'for other consumers',
  'ignored/before-start': 'older than SLUICE_SINCE',
}

/**
 * Returns the totals, such as `7267 readings applied, 0 duplicates, 12 ignored (12 ticks of the clock), 0 failed; 0 waiting to be
 * published`. Pure.
 */
export function formatTotals(
  { applied, duplicate, ignored, failed, reasons, outbox }: Outcomes,
  noun: string,
): string {
  const parts = { applied, duplicate, ignored, failed }
  const words = { applied: `${noun} applied`, duplicate: 'duplicates', ignored: 'ignored', failed: 'failed' }
  const counts = Object.entries(words).map(([outcome, word]) => {
    const own = Object.entries(reasons)
      .filter(([name]) => getOutcome(name) === outcome && !USUAL.test(name))
      .map(([name, count]) => `${count} ${REASONS[name] ?? name.slice(name.indexOf('/') + 1)}`)
      .sort()
    return `${parts[outcome as keyof typeof parts]} ${word}${own.length > 0 ? ` (${own.join(', ')})` : ''}`
  })
  return `${counts.join(', ')}; ${outbox} waiting to be published`
}
