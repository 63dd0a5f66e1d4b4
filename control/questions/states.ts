/** States of consumers: all of them with their totals, or those of one consumer, partition by partition. */
import type { Bounds } from '#runtime/operating/kafka'
import { wholeNumber } from '#runtime/settings'
import { findTopicBounds } from '../../lib/log/topic-bounds.ts'
import { computeSum, sumIfKnown } from '../../lib/support/count.ts'
import { Failure } from '../../lib/support/failure.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import { sumReasons } from '../queries/states/outcomes.ts'
import {
  type PartitionState,
  type PartitionSummary,
  readPartitionStates,
  summarizePartition,
} from '../queries/states/partition-states.ts'
import { listStateKeys } from '../tables/table.ts'
import { column, count } from './column.ts'
import type { Environment } from './environment.ts'
import { nameField, textField } from './field.ts'
import { question } from './question.ts'

const TOTALS = [
  column('signal', {
    ...{ heading: 'Topic', link: 'topic', linkBy: ['topic'], terminal: { least: 20, leaveOut: 4 } },
  }),
  count('lag', { none: 'not known' }),
  count('entities', { page: { isWide: true } }),
  count('held', { heading: 'Held entities', terminal: { leaveOut: 2 }, page: { isWide: true } }),
  count('parked', { heading: 'Parked events', terminal: { leaveOut: 3 }, page: { isWide: true } }),
  count('outbox', { heading: 'To be published', terminal: { leaveOut: 1 }, page: { isWide: true } }),
  column('asOf', { type: 'time', none: '–', terminal: { leaveOut: 5 }, page: { isWide: true } }),
] as const

export const STATES = question({
  title: 'States',
  ofFlow: 'all',
  about: `List the states of all consumers, with their totals over the partitions of each topic. \`sluice state show\` shows each
partition.`,
  more: `
Examples:
  sluice state list
  sluice state list --find alerting --json`,
  filter: { find: textField('part of the name of a consumer or its topic', 'alerting') },
  async read(environment, { find = '' }) {
    const fits = textFilter(find)
    const inspection = await environment.inspection()
    const wanted = environment.consumers.filter(({ function: name, topic }) => fits(`${name} ${topic}`))
    const { logs, notes } = await readLogs(
      environment,
      wanted.map(({ topic }) => topic),
    )
    const rows: StateTotals[] = []
    for (const { function: consumer, topic } of wanted) {
      const { partitions = 0, bounds } = logs.get(topic) ?? {}
      const found = listStateKeys(consumer, { topic, partitions }).map(async key =>
        summarizePartition(key, await inspection.summary(key), bounds?.[key.partition]),
      )
      const summaries = await Promise.all(found)
      if (summaries.some(hasState)) rows.push(sumPartitions(environment, consumer, topic, summaries))
    }
    return { rows, notes }
  },
}).shownAs({
  key: 'state',
  columns: [column('consumer', { link: 'state' }), ...TOTALS],
  empty: 'No consumer has a state yet. The first record that a consumer reads creates it.',
  page: { sharedMs: 5_000 },
})

export const STATE = question({
  title: 'Consumer',
  about: `Show the state of a consumer, partition by partition, for each topic that it reads.

States are read in pages while the consumer continues, so that the values of one partition may differ in time
slightly. If Kafka does not answer, only the lag is missing. \`sluice state entity\` shows one entity.`,
  more: `
Examples:
  sluice state show processor
  sluice state show dlq-router --limit 1000`,
  filter: {
    consumer: nameField('name of the consumer in serverless.yml'),
    topic: textField('only the state of this topic: a signal, or the full name of a topic', 'readings'),
    partition: textField('only this partition', '0', wholeNumber({ least: 0 })),
  },
  async read(environment, { consumer, topic: named, partition }, { most }) {
    const { names, env } = environment.config
    const topics = named === undefined ? listTopics(environment, consumer) : [names.resolveTopic(named, env)]
    const inspection = await environment.inspection()
    const { logs, notes } = await readLogs(environment, topics)
    const rows = []
    let more = 0
    for (const topic of topics) {
      const { partitions: size = 0, bounds } = logs.get(topic) ?? {}
      const keys =
        partition === undefined
          ? listStateKeys(consumer, { topic, partitions: size })
          : [{ consumer, topic, partition }]
      const partitions = await readPartitionStates(inspection, keys, bounds)
      if (!partitions.some(hasState)) continue
      more += Math.max(0, computeSum(partitions.map(({ failures }) => failures.length)) - most)
      rows.push(describeState(sumPartitions(environment, consumer, topic, partitions), partitions, most))
    }
    if (rows.length === 0) throw missingState(environment, consumer, topics, notes)
    const left = more > 0 ? [`${more} more open failures are not listed.`] : []
    return { rows, notes: [...notes, ...left] }
  },
}).shownAs({
  key: 'state',
  columns: TOTALS,
  sections: [
    {
      of: 'partitions',
      title: 'Partitions',
      key: 'partition',
      columns: [
        count('partition'),
        count('appliedOffset', { heading: 'Applied', none: 'none' }),
        count('lag', { none: '?' }),
        count('epoch', { terminal: { leaveOut: 2 }, page: { isWide: true } }),
        count('entities', { page: { isWide: true } }),
        count('held', { terminal: { leaveOut: 7 }, page: { isWide: true } }),
        count('parked', { terminal: { leaveOut: 8 }, page: { isWide: true } }),
        count('ids', { terminal: { leaveOut: 4 }, page: { isWide: true } }),
        count('outbox', { page: { isWide: true } }),
        column('oldestOutbox', {
          heading: 'Oldest in it',
          terminal: { leaveOut: 6 },
          page: { isWide: true },
        }),
        count('failures', { page: { isWide: true } }),
        count('timers', { page: { isWide: true } }),
        column('logClock', { type: 'seconds', terminal: { leaveOut: 1 }, page: { isWide: true } }),
        column('asOf', { type: 'time', terminal: { leaveOut: 3 }, page: { isWide: true } }),
      ],
      empty: 'The topic has no partitions.',
    },
    {
      of: 'timers',
      title: 'Next timers',
      key: 'partition',
      columns: [
        count('partition'),
        column('entity', { type: 'entity', terminal: { least: 12 } }),
        column('name'),
        column('due', { type: 'time', terminal: { leaveOut: 1 } }),
        column('firesAfter', { heading: 'Fires after log time', type: 'seconds' }),
      ],
      empty: 'No timers are set.',
    },
    {
      of: 'failures',
      title: 'Open failures',
      key: 'id',
      columns: [
        count('partition'),
        count('offset', { link: 'messages', linkBy: ['topic', 'partition', 'offset'] }),
        count('attempt', { page: { isWide: true } }),
        column('since', { type: 'time', terminal: { leaveOut: 1 }, page: { isWide: true } }),
        column('id', { heading: 'Failure', terminal: { least: 12 } }),
      ],
      empty: 'No failures are open.',
    },
    {
      of: 'outcomes',
      title: 'Processed so far',
      key: 'reason',
      columns: [column('reason'), count('records')],
      empty: 'No records processed yet.',
    },
  ],
  empty: '',
  page: { most: 200, sharedMs: 10_000 },
  terminal: { usual: 50 },
})

/** Returns the topics that a consumer reads. One that the project does not have can have the state of any topic. */
function listTopics({ consumers, config }: Environment, consumer: string): string[] {
  const own = consumers.filter(({ function: name }) => name === consumer).map(({ topic }) => topic)
  return own.length > 0 ? own : Object.values(config.names.topicNames(config.env))
}

interface TopicLog {
  /** Number of partitions; 0 if unknown. */
  readonly partitions: number
  readonly bounds?: readonly (Bounds | undefined)[]
  /** Reason why something is unknown. */
  readonly problem?: string
}

/** Reads the logs of topics, together: without Kafka, each would wait for it. */
async function readLogs(environment: Environment, topics: readonly string[]) {
  const read = async (topic: string) => [topic, await readLog(environment, topic)] as const
  const logs = new Map(await Promise.all(topics.map(read)))
  return { logs, notes: [...new Set([...logs.values()].flatMap(({ problem }) => problem ?? []))] }
}

/** Reads the log of a topic. If Kafka does not answer, the number of partitions is that of the topic's declaration. */
export async function readLog(environment: Environment, topic: string): Promise<TopicLog> {
  const found = await readBounds(environment, topic)
  if (!(found instanceof Error)) return { partitions: found.length, bounds: found }
  const signal = environment.findSignal(topic)
  if (signal === undefined)
    return { partitions: 0, problem: `The partitions of ${topic} are unknown. ${found.message}` }
  const { partitions } = await environment.topicSize(signal)
  return { partitions, problem: `The lag is unknown. ${found.message}` }
}

async function readBounds(environment: Environment, topic: string) {
  try {
    const bounds = await findTopicBounds(await environment.offsets(), topic)
    return bounds ?? new Failure(`Kafka has no topic ${topic}.`)
  } catch (error) {
    return error as Error
  }
}

function hasState({ appliedOffset, epoch }: Pick<PartitionSummary, 'appliedOffset' | 'epoch'>): boolean {
  return appliedOffset >= 0 || epoch > 0
}

/** Sums of the partitions of a topic. */
type StateTotals = ReturnType<typeof sumPartitions>

function sumPartitions(
  environment: Pick<Environment, 'findSignal'>,
  consumer: string,
  topic: string,
  partitions: readonly PartitionSummary[],
) {
  const sum = (member: 'entities' | 'held' | 'parked' | 'outbox') =>
    computeSum(partitions.map(partition => partition[member]))
  return {
    ...{ state: `${consumer} on ${topic}`, consumer, topic, signal: environment.findSignal(topic) ?? topic },
    lag: sumIfKnown(partitions.map(({ lag }) => lag)),
    ...{ entities: sum('entities'), held: sum('held'), parked: sum('parked'), outbox: sum('outbox') },
    asOf:
      partitions
        .map(({ asOf }) => asOf)
        .sort()
        .at(-1) ?? null,
  }
}

function describeState(totals: StateTotals, partitions: readonly PartitionState[], mostFailures: number) {
  return {
    ...totals,
    partitions: partitions.map(
      ({ appliedOffset, failures, logClockMs, nextTimer: _, tally: __, ...more }) => ({
        ...more,
        appliedOffset: appliedOffset < 0 ? null : appliedOffset,
        logClock: logClockMs / 1_000,
        failures: failures.length,
      }),
    ),
    timers: partitions.flatMap(({ partition, nextTimer }) => {
      if (!nextTimer) return []
      const { firesAfterMs, ...timer } = nextTimer
      return [{ partition, ...timer, firesAfter: firesAfterMs / 1_000 }]
    }),
    failures: partitions
      .flatMap(({ partition, failures }) =>
        failures.map(failure => ({ topic: totals.topic, partition, ...failure })),
      )
      .slice(0, mostFailures),
    outcomes: Object.entries(sumReasons(partitions.map(({ tally }) => tally)))
      .sort()
      .map(([reason, records]) => ({ reason, records })),
  }
}

function missingState(
  environment: Environment,
  consumer: string,
  topics: readonly string[],
  notes: readonly string[],
): Failure {
  const names = new Set(environment.consumers.map(({ function: name }) => name))
  const why = names.has(consumer)
    ? `${consumer} has no state of ${topics.join(', ')}: check the topic, the partition and the environment.`
    : `The project has no consumer "${consumer}".${suggestion(consumer, names) ?? ''} Consumers are ${[...names].join(', ')}.`
  return new Failure([why, ...notes].join(' '), { isMissing: true })
}
