import { LOG_TIMES, type LogTime } from '../cloudevents/log-time.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { CONSUMER_DEFAULTS } from '../pipeline/consumer.ts'
import { type Slice, setting, slice, toVariableName } from './slice.ts'
import { either, instant, list, mapKind, oneOf, text, times, wholeNumber } from './value-kinds.ts'

const SECOND_MS = 1_000
const MEBIBYTE = 1024 * 1024

/**
 * Maximum time for which ids are remembered: one day. It is limited because every load searches all hours of this time. Ids are
 * needed only to recognise an event that its producer sends again. A record that Kafka delivers again is recognised by its offset,
 * without a time limit.
 */
const MAX_ID_WINDOW_SECONDS = 24 * 60 * 60

const seconds = (most: number) => times(wholeNumber({ least: 0, most, unit: 'seconds' }), SECOND_MS)

type Earliest = Partial<Pick<ConsumerSettings, 'earliestTimeMs' | 'oldestMs'>>

/** An instant, or days before the append time of a record. */
const EARLIEST = either<Earliest>(
  mapKind(instant(), earliestTimeMs => ({ earliestTimeMs })),
  mapKind(text(/^-\d{1,5}d$/, 'days before the append time of the record, such as -30d'), days => {
    return { oldestMs: Number(days.slice(1, -1)) * 86_400 * SECOND_MS }
  }),
)

/** Returns whether the text is a topic and a consumer, such as `sluice.telemetry.alerts.prod=alerting`. */
function isEmitter(text: string): boolean {
  return /^[\w.-]+=[\w-]+$/.test(text)
}

function mapEmitters(entries: readonly string[]): Map<string, Set<string>> {
  const pairs = entries.map(entry => entry.split('=') as [topic: string, consumer: string])
  const byTopic = Map.groupBy(pairs, ([topic]) => topic)
  return new Map([...byTopic].map(([topic, own]) => [topic, new Set(own.map(([, consumer]) => consumer))]))
}

export interface ConsumerSettings {
  readonly idWindowMs: number
  /** Upper bound for the failure memory of all partitions of a topic together, in bytes. */
  readonly failureBytes: number
  /** Maximum number of entities that a group of producers may add to a partition state per day. */
  readonly newEntities: number
  readonly futureToleranceMs: number
  readonly earliestTimeMs: number
  readonly oldestMs: number
  /** Append time in milliseconds since the epoch. Records with an earlier append time are ignored. */
  readonly sinceMs?: number
  /** Source of append times, see `LogTime`. */
  readonly logTime: LogTime
  /** Names of the consumers that emit to a topic, by the name of the topic in Kafka. */
  readonly emitters: ReadonlyMap<string, ReadonlySet<string>>
  /** True if an instance keeps the states of its commits, see `kept-store.ts`. */
  readonly keepStates: boolean
  /** True if this function's event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
}

const SHARED = {
  ID_WINDOW_SECONDS: setting('consumers.id_window_seconds', seconds(MAX_ID_WINDOW_SECONDS), {
    description: 'Period for which an id is remembered, in log time.',
    default: String(CONSUMER_DEFAULTS.idWindowMs / SECOND_MS),
  }),
  FAILURE_MEMORY_MIB: setting(
    'consumers.failure_memory_mib',
    times(wholeNumber({ least: 1, most: 99_999, unit: 'mebibytes' }), MEBIBYTE),
    {
      description:
        'Maximum memory of a consumer for [failures](guarantees.md#what-bounds-the-memory), for each topic.',
      default: String(CONSUMER_DEFAULTS.failureBytes / MEBIBYTE),
    },
  ),
  NEW_ENTITIES_PER_DAY: setting(
    'consumers.new_entities_per_day',
    wholeNumber({ least: 1, most: 99_999_999 }),
    {
      description:
        'Maximum number of [new entities](guarantees.md#what-bounds-the-memory) per source, partition and day of log time.',
      default: String(CONSUMER_DEFAULTS.newEntities),
    },
  ),
  FUTURE_TOLERANCE_SECONDS: setting('consumers.future_tolerance_seconds', seconds(9_999_999), {
    description: 'Maximum time by which the time of an event may be later than the time of its record.',
    default: String(CONSUMER_DEFAULTS.futureToleranceMs / SECOND_MS),
  }),
  EARLIEST_TIME: setting('consumers.earliest_time', EARLIEST, {
    description: 'Events that happened before this time are refused, as `time-too-early`.',
    // The default is only described here, because a `default` would be parsed at every start.
    otherwise: '`2000-01-01T00:00:00Z`',
  }),
  LOG_TIME: setting('consumers.log_time', oneOf(LOG_TIMES), {
    description:
      'Source of the append time of a record: `append` uses its timestamp in the log. `carried` uses its header `sluice-logtime` (milliseconds), for a topic with a replay.',
    default: CONSUMER_DEFAULTS.logTime,
  }),
  EMITTERS: setting(list(isEmitter, 'topic=consumer'), {
    description:
      'Consumers that emit to the topics that the function reads. [Repeats of their emissions](guarantees.md) are recognised without a time limit.',
    otherwise: 'none',
    setBy: 'deployment',
  }),
  KEEP_STATES: setting(oneOf(['true', 'false']), {
    description:
      'Whether an instance [keeps the states](design.md) of its commits. Only tests switch it off.',
    default: 'true',
    setBy: 'runtime',
  }),
  REPORT_BATCH_ITEM_FAILURES: setting(oneOf(['true', 'false']), {
    description: "Whether the function's event source mapping has partial responses.",
    default: 'false',
    setBy: 'runtime',
  }),
}

/** Returns the settings of every consumer of an application. */
export function consumerSettings(application: string): Slice<ConsumerSettings, typeof SHARED> {
  const since = toVariableName(application, 'SINCE')
  const settings = {
    ...SHARED,
    [since]: setting('consumers.since', instant(), {
      description: 'Records that were appended before this instant are ignored.',
      otherwise: 'all records count',
    }),
  }
  return slice('Consumers', settings, values =>
    omitUndefined({
      idWindowMs: values.ID_WINDOW_SECONDS,
      failureBytes: values.FAILURE_MEMORY_MIB,
      newEntities: values.NEW_ENTITIES_PER_DAY,
      futureToleranceMs: values.FUTURE_TOLERANCE_SECONDS,
      earliestTimeMs: CONSUMER_DEFAULTS.earliestTimeMs,
      oldestMs: CONSUMER_DEFAULTS.oldestMs,
      ...values.EARLIEST_TIME,
      sinceMs: (values as Readonly<Record<string, unknown>>)[since] as number | undefined,
      logTime: values.LOG_TIME,
      emitters: mapEmitters(values.EMITTERS ?? []),
      keepStates: values.KEEP_STATES === 'true',
      partialResponses: values.REPORT_BATCH_ITEM_FAILURES === 'true',
    }),
  )
}
