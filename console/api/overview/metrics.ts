/** Metrics for Prometheus: the facts of one look, in the form that it scrapes. Unknown values are absent, never 0. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { AgedPartitionLag } from '../../../control/queries/kafka/consumer-lag.ts'
import { type Lag, MAX_AGES } from '../../../control/questions/lag-reader.ts'
import { SEVERITIES } from '../../../lib/alerting/index.ts'
import { type Signal, topicRow } from '../../../lib/app/naming/topic-table.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import type { Known } from './known.ts'
import type { Look, OverviewReader } from './overview.ts'

/** Time for which the answer to a scrape is reused, in milliseconds. Scrapes at the same time share one. */
const REUSED_MS = 1_000
/** Maximum number of partitions with series of their own: those with the most pending records. */
const MAX_PARTITIONS = 500

/** Answer to a scrape. */
interface Scrape {
  readonly text: string
  readonly contentType: string
}

export class MetricsReader {
  readonly #environment: ConsoleEnvironment
  readonly #looks: OverviewReader
  readonly #scrapes = new Cache<Scrape>({ forMs: REUSED_MS, slowFactor: 1 })

  constructor(environment: ConsoleEnvironment, looks: OverviewReader) {
    this.#environment = environment
    this.#looks = looks
  }

  read(): Promise<Scrape> {
    return this.#scrapes.get('', async () => {
      const look = await this.#looks.look()
      const findSignal = (topic: string) => this.#environment.findSignal(topic)
      return writeMetrics(this.#environment.config.env, listMetrics(look, findSignal))
    })
  }
}

/** Partition that a consumer reads. */
interface Partition extends AgedPartitionLag {
  readonly consumer: string
  readonly group: string
  readonly topic: string
}

/**
 * Returns the partitions with series of their own, those with the most pending records first. Those of inputs have no age, because the
 * times of their records are those of their producers.
 */
function listPartitions(lags: readonly Lag[], findSignal: FindSignal): readonly Partition[] {
  return lags
    .flatMap(({ function: consumer, group, topic, partitions }) => {
      const isOwn = findSignal(topic) !== undefined
      return partitions.map(one => ({ ...one, consumer, group, topic, seconds: isOwn ? one.seconds : null }))
    })
    .toSorted((a, b) => b.pending - a.pending)
    .slice(0, MAX_PARTITIONS)
}

type FindSignal = (topic: string) => Signal | undefined

/** Values of a metric, each with its labels. Null is unknown. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null | undefined]

interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: readonly Sample[]
}

/** Returns a value of now; undefined for one of the past, which a scrape must not repeat as if it were new. */
function getCurrent<T>({ value, state }: Known<T>): T | undefined {
  return state === 'now' ? (value ?? undefined) : undefined
}

/** Lists the metrics. A name that ends with `_total` is that of a counter. Pure. */
function listMetrics(look: Look, findSignal: FindSignal): readonly Metric[] {
  const { atMs, servers, standing } = look
  const { lags = [] } = getCurrent(look.lags) ?? {}
  const [outcomes, firing, letters] = [
    getCurrent(look.outcomes),
    getCurrent(look.firing),
    getCurrent(look.letters),
  ]
  const partitions = listPartitions(lags, findSignal)
  const readers = lags.map(({ function: consumer, group, topic, pending }) => {
    const counted = outcomes?.get(`${consumer}/${topic}`)
    return { labels: { consumer, topic }, group, pending, counted, signal: findSignal(topic) }
  })
  const stalled = new Set(standing.flatMap(({ functions }) => functions))
  const areUp = servers.kafka === null && servers.redis === null
  const toPlace = ({ consumer, group, topic, partition }: Partition) => ({
    consumer,
    group,
    topic,
    partition: `${partition}`,
  })
  return [
    {
      name: 'sluice_server_up',
      help: '1 if the server answers',
      samples: Object.entries(servers).map(([server, problem]) => [{ server }, problem === null ? 1 : 0]),
    },
    {
      name: 'sluice_consumer_lag_records',
      help: 'Pending records of a consumer in a topic',
      samples: readers.map(({ labels, group, pending }) => [{ ...labels, group }, pending]),
    },
    {
      name: 'sluice_partition_lag_records',
      help: `Pending records of a partition; of the ${MAX_PARTITIONS} partitions with the most`,
      samples: partitions.map(one => [toPlace(one), one.pending]),
    },
    {
      name: 'sluice_partition_lag_seconds',
      help: `Age of the first pending record, 0 without one; of at most ${MAX_AGES} partitions, those of each consumer with the most; inputs excluded`,
      samples: partitions.map(one => [toPlace(one), one.seconds]),
    },
    {
      name: 'sluice_records_total',
      help: 'Records that a consumer has decided, each once, by outcome; from its state, so a state computed anew counts anew',
      samples: readers.flatMap(({ labels, counted }) =>
        counted
          ? OUTCOMES.map((outcome): Sample => [{ ...labels, outcome }, Math.max(0, counted[outcome])])
          : [],
      ),
    },
    {
      name: 'sluice_outbox_entries',
      help: 'Committed emissions that are not known to be published',
      samples: readers.map(({ labels, counted }) => [labels, counted?.outbox]),
    },
    {
      name: 'sluice_last_decided_timestamp_seconds',
      help: 'Append time of the last decided tick or record, in the partition that is most behind, of topics with ticks',
      samples: readers.map(({ labels, counted, signal }) => {
        const decidedMs = signal && topicRow(signal).isTicked ? counted?.decidedMs : undefined
        return [labels, decidedMs === undefined ? null : decidedMs / 1_000]
      }),
    },
    {
      name: 'sluice_consumer_stalled',
      help: '1 if a consumer was found stalled',
      samples: areUp
        ? [...new Set(lags.map(lag => lag.function))].map(consumer => [
            { consumer },
            stalled.has(consumer) ? 1 : 0,
          ])
        : [],
    },
    {
      name: 'sluice_alerts_firing',
      help: 'Firing alerts by severity',
      samples: SEVERITIES.map(severity => [
        { severity },
        firing && (firing.find(one => one.severity === severity)?.count ?? 0),
      ]),
    },
    {
      name: 'sluice_dead_letters_open',
      help: 'Dead letters that were neither redriven nor dropped',
      samples: [[{}, letters?.count]],
    },
    {
      name: 'sluice_dead_letters_oldest_seconds',
      help: 'Age of the oldest open dead letter, if there is one',
      samples: [[{}, letters?.oldestMs === undefined ? null : Math.max(0, atMs - letters.oldestMs) / 1_000]],
    },
  ]
}

const OUTCOMES = ['applied', 'duplicate', 'ignored', 'failed'] as const

/** Writes metrics in the text form. A metric without a known value is left out: the library would write 0. */
async function writeMetrics(env: string, metrics: readonly Metric[]): Promise<Scrape> {
  const registry = new Registry()
  registry.setDefaultLabels({ env })
  for (const { name, help, samples } of metrics) {
    const known = samples.flatMap(([labels, value]) =>
      typeof value === 'number' ? [[labels, value] as const] : [],
    )
    if (known.length === 0) continue
    const options = { name, help, labelNames: Object.keys(known[0]?.[0] ?? {}), registers: [registry] }
    if (name.endsWith('_total')) {
      const counter = new Counter(options)
      for (const [labels, value] of known) counter.inc(labels, value)
    } else {
      const gauge = new Gauge(options)
      for (const [labels, value] of known) gauge.set(labels, value)
    }
  }
  return { text: await registry.metrics(), contentType: registry.contentType }
}
