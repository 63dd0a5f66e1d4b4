/** Counters of the overview, from positions in Kafka and from the outcomes that consumers count. Pure. */

import type { ReadTopic } from '../../../control/environment/functions.ts'
import type { ConsumerLag } from '../../../control/queries/kafka/consumer-lag.ts'
import type { Outcomes } from '../../../control/queries/states/outcomes.ts'
import { ENTITIES } from '../../../control/tables/entity-statistics.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { computeSum, sumIfKnown } from '../../../lib/support/count.ts'

interface Counted {
  readonly lags: readonly (ReadTopic & ConsumerLag)[]
  /** Outcomes by `FUNCTION/TOPIC`; without functions that count none. Undefined if Redis does not answer. */
  readonly outcomes: ReadonlyMap<string, Outcomes> | undefined
  /** Offsets of Sluice's own topics, by partition; undefined if unknown. */
  readonly written: ReadonlyMap<string, readonly { readonly end: number }[] | undefined>
  readonly getTopic: (signal: Signal) => string
}

/** Reasons for which consumers ignore what `clock` and operators append for them. */
const SERVICE = ['tick', 'rule-set', 'plan-of-tables', 'erasure'].map(reason => `ignored/${reason}`)

/**
 * Returns the counters by name; null if unknown. `readings`: records that the processor has applied, each once. `duplicates`: those
 * that the processor or `intake` dropped. `failed`: failures of all consumers. `alerts`, `letters`, `sent`: alerts that fired, dead
 * letters, notifications that were delivered. `topic/TOPIC`: records of another topic without ticks and rules.
 * `read/FUNCTION/TOPIC`, `done/FUNCTION/TOPIC`: records that were read, and those that were applied.
 */
export function buildCounters(counted: Counted): Readonly<Record<string, number | null>> {
  const { lags, outcomes, written, getTopic } = counted
  const sumReasons = (reader: string, reasons: readonly string[]) => {
    const found = outcomes?.get(reader)?.reasons ?? {}
    return computeSum(reasons.map(reason => found[reason] ?? 0))
  }
  const countReasons = (name: string, signal: Signal, ...reasons: readonly string[]) =>
    outcomes ? sumReasons(`${name}/${getTopic(signal)}`, reasons) : null
  // Every reader ignores the same records, but some have not come to them yet.
  const countRecords = (topic: string) => {
    const ends = written.get(topic)
    const ignored = lags.map(lag =>
      lag.topic === topic ? sumReasons(`${lag.function}/${topic}`, SERVICE) : 0,
    )
    return ends ? computeSum(ends.map(({ end }) => end)) - Math.max(0, ...ignored) : null
  }
  const ofProcessor = outcomes?.get(`${ENTITIES.process.name}/${getTopic('readings')}`)
  const ofInputs = lags.flatMap(({ function: name, topic }) =>
    written.has(topic) ? [] : (outcomes?.get(`${name}/${topic}`)?.duplicate ?? []),
  )
  const others = [...written.keys()].filter(topic => topic !== getTopic('readings'))
  return {
    readings: ofProcessor?.applied ?? null,
    duplicates: sumIfKnown([ofProcessor?.duplicate ?? null, ...ofInputs]),
    failed: countRecords(getTopic('failures')),
    alerts: countReasons('notifier', 'alerts', 'applied/fired'),
    letters: countReasons('open-dead-letters', 'dlq', 'applied/letter', 'applied/broken'),
    sent: countReasons('deliver', 'notifications', 'applied/delivered'),
    ...Object.fromEntries(others.map(topic => [`topic/${topic}`, countRecords(topic)])),
    ...Object.fromEntries(
      lags.flatMap(({ function: name, topic, partitions }) => [
        [`read/${name}/${topic}`, computeSum(partitions.map(({ next }) => next))] as const,
        [`done/${name}/${topic}`, outcomes?.get(`${name}/${topic}`)?.applied ?? null] as const,
      ]),
    ),
  }
}
