/** Figures of the overview, computed from samples of Kafka and Redis. Pure. */

import { type Signal, signalNamed, signals, topicsOf } from '../../../lib/app/topics.ts'
import { sumIfKnown } from '../../../lib/count.ts'
import type { WatchedLag } from '../../../lib/diagnosis/stalls/progress-watch.ts'
import type { ConsumerLag, ReadTopic } from '../../../lib/queries/lag.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { ConsoleEnvironment, ShownFunction } from '../../environment.ts'
import type { KafkaLook } from './kafka-look.ts'
import type { RedisLook } from './redis-look.ts'
import type { ShownConsumer, ShownTopic, Values } from './shapes.ts'

type Lag = ReadTopic & ConsumerLag

/** Returns the counters by name. For the names, see `Overview.values`. */
export function countersIn(kafka: KafkaLook | undefined, redis: RedisLook | undefined): Values {
  const ends = (signal: Signal) => endsOf(kafka?.bounds[signal])
  const topics = signals().map(signal => [`topic/${signal}`, ends(signal)] as const)
  const consumers = (kafka?.lags ?? []).map(lag => [`rate/${nameOf(lag)}`, reachedBy(lag)] as const)
  return {
    in: sumIfKnown(topicsOf(['readings']).map(ends)),
    failed: ends('failures'),
    alerts: ends('alerts'),
    letters: ends('dlq'),
    applied: redis?.outcomes.applied ?? null,
    duplicates: redis?.outcomes.duplicate ?? null,
    ...Object.fromEntries([...topics, ...consumers]),
  }
}

/**
 * Returns the lags by name. For the names, see `Overview.values`.
 *
 * @param waits age of the oldest pending record in seconds, by `consumer/topic`
 */
export function lagsIn(lags: readonly Lag[], waits: Values): Values {
  return Object.fromEntries(
    lags.flatMap(lag => {
      const name = nameOf(lag)
      return [
        [`lag/${name}`, lag.pending],
        [`wait/${name}`, waits[name] ?? null],
      ]
    }),
  )
}

export function totalsIn(kafka: KafkaLook | undefined, redis: RedisLook | undefined): Values {
  return {
    in: sumIfKnown(topicsOf(['readings']).map(signal => recordsIn(kafka?.bounds[signal]))),
    applied: redis?.outcomes.applied ?? null,
    duplicates: redis?.outcomes.duplicate ?? null,
    failed: recordsIn(kafka?.bounds.failures),
  }
}

export function shownTopics(
  environment: Pick<ConsoleEnvironment, 'topic'>,
  bounds: KafkaLook['bounds'] | undefined,
): ShownTopic[] {
  return signals().map(signal => {
    return { signal, topic: environment.topic(signal), records: recordsIn(bounds?.[signal]) }
  })
}

export function shownConsumers(
  { consumers, functions, config }: Pick<ConsoleEnvironment, 'consumers' | 'functions' | 'config'>,
  members: KafkaLook['members'] | undefined,
): ShownConsumer[] {
  return consumers.map(consumer => {
    const signal = signalNamed(consumer.topic, config.env)
    const declared = functions.find(({ name }) => name === consumer.function)
    return {
      ...consumer,
      ...(signal ? { signal } : {}),
      emits: declared?.emits ?? [],
      readers: members?.get(consumer.group) ?? null,
    }
  })
}

/** Adds each consumer's maximum batching window to its lags. */
export function withWindows(lags: readonly Lag[], functions: readonly ShownFunction[]): WatchedLag[] {
  return lags.map(lag => {
    const declared = functions.find(({ name }) => name === lag.function)
    return { ...lag, windowMs: (declared?.reading.maximumBatchingWindow ?? 0) * 1_000 }
  })
}

function nameOf({ function: name, topic }: ReadTopic): string {
  return `${name}/${topic}`
}

function reachedBy({ partitions }: ConsumerLag): number {
  return partitions.reduce((sum, { next }) => sum + next, 0)
}

function endsOf(bounds: readonly Bounds[] | undefined): number | null {
  return bounds ? bounds.reduce((sum, { end }) => sum + end, 0) : null
}

function recordsIn(bounds: readonly Bounds[] | undefined): number | null {
  return bounds ? bounds.reduce((sum, { start, end }) => sum + end - start, 0) : null
}
