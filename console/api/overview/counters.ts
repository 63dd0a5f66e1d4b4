/** Counters of the overview, from positions in Kafka and from the outcomes that consumers count. Pure. */
import type { Signal } from '../../../lib/app/topics.ts'
import type { ConsumerLag, ReadTopic } from '../../../lib/queries/kafka/consumer-lag.ts'
import type { Outcomes } from '../../../lib/queries/states/outcomes.ts'
import { computeSum, sumIfKnown } from '../../../lib/support/count.ts'
import { ENTITIES } from '../../../lib/tables/entity-statistics.ts'

/** Lag of a function in a topic, as far as it is known. */
export type Lag = ReadTopic & ConsumerLag

interface Counted {
  readonly lags: readonly Lag[]
  /** Outcomes by `FUNCTION/TOPIC`; without functions that count none. Undefined if Redis does not answer. */
  readonly outcomes: ReadonlyMap<string, Outcomes> | undefined
  /** Number of records that were ever written to each topic; null if unknown. */
  readonly written: ReadonlyMap<string, number | null>
  readonly getTopic: (signal: Signal) => string
  /** Inputs whose records become readings. */
  readonly readingInputs: ReadonlySet<string>
}

/** Reasons for which consumers ignore what `clock` and operators append for them. */
const SERVICE = ['tick', 'rule-set', 'plan-of-tables', 'erasure']

/**
 * Returns the counters by name; null if unknown. `in`: readings, and records of inputs that `intake` dropped or refused. `applied`,
 * `duplicates`: outcomes of readings, with the duplicates that `intake` dropped. `failed`: failures of all consumers. `alerts`,
 * `letters`, `sent`: alerts that fired, dead letters, notifications that were delivered. `topic/TOPIC`: records of a topic without
 * ticks and rules. `read/FUNCTION/TOPIC`, `done/FUNCTION/TOPIC`: records that were read, and those that were applied.
 */
export function buildCounters(counted: Counted): Readonly<Record<string, number | null>> {
  const { lags, outcomes, written, getTopic, readingInputs } = counted
  const find = (name: string, signal: Signal) => outcomes?.get(`${name}/${getTopic(signal)}`)
  const sumReasons = (name: string, signal: Signal, reasons: readonly string[]) => {
    const found = find(name, signal)
    return outcomes ? computeSum(reasons.map(reason => found?.reasons[`applied/${reason}`] ?? 0)) : null
  }
  const readings = find(ENTITIES.process.name, 'readings')
  const ofInputs = lags.flatMap(({ function: name, topic }) => {
    const found = written.has(topic) ? undefined : outcomes?.get(`${name}/${topic}`)
    return found ? [{ topic, ...found }] : []
  })
  const refused = ofInputs
    .filter(({ topic }) => readingInputs.has(topic))
    .map(({ duplicate, failed }) => duplicate + failed)
  const isOfReadings = (lag: Lag) =>
    lag.function === ENTITIES.process.name && lag.topic === getTopic('readings')
  const pending = lags.find(isOfReadings)?.pending ?? null
  const decided = readings && readings.applied + readings.duplicate + readings.failed + readings.parked
  return {
    in: sumIfKnown([decided ?? null, pending, ...refused]),
    applied: readings?.applied ?? null,
    duplicates: readings
      ? computeSum([readings.duplicate, ...ofInputs.map(({ duplicate }) => duplicate)])
      : null,
    failed: written.get(getTopic('failures')) ?? null,
    alerts: sumReasons('notifier', 'alerts', ['fired']),
    letters: sumReasons('open-dead-letters', 'dlq', ['letter', 'broken']),
    sent: sumReasons('deliver', 'notifications', ['delivered']),
    ...Object.fromEntries(
      [...written].map(([topic, count]) => [
        `topic/${topic}`,
        count === null ? null : count - countService(counted, topic),
      ]),
    ),
    ...Object.fromEntries(
      lags.flatMap(({ function: name, topic, partitions }) => [
        [`read/${name}/${topic}`, computeSum(partitions.map(({ next }) => next))] as const,
        [`done/${name}/${topic}`, outcomes?.get(`${name}/${topic}`)?.applied ?? null] as const,
      ]),
    ),
  }
}

/** Returns the number of records in a topic that its readers have ignored as ticks, rules, plans of tables and erasures. */
function countService({ lags, outcomes }: Counted, topic: string): number {
  const ofReaders = lags.map(lag =>
    lag.topic === topic ? outcomes?.get(`${lag.function}/${topic}`) : undefined,
  )
  return Math.max(
    0,
    ...ofReaders.map(found => computeSum(SERVICE.map(reason => found?.reasons[`ignored/${reason}`] ?? 0))),
  )
}
