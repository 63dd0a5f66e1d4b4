/** Alarms about consumers that are late, or do not go on. Pure. */

import { type DeclaredFunction, isConsumer } from '../../lib/app/functions.ts'
import { groupName, TICKED, topicName } from '../../lib/app/topics.ts'
import type { AlarmKind, Deployed } from './alarm.ts'
import { counted, MINUTE, WAITS } from './counted.ts'
import { type Metric, ofKafka, own } from './metrics.ts'
import { clusterName } from './names.ts'

export const PROGRESS = {
  'lag-seconds': {
    says: 'A consumer is more than five minutes behind its log, or does not run at all.',
    urgency: 'now',
    cause: 'progress',
    watches: deployed =>
      consumersOf(deployed).map(declared => ({
        of: declared.name,
        value: { metric: own(deployed.env, declared.name, 'lagSeconds'), statistic: 'Maximum' },
        // `clock` appends a tick a minute, so a consumer that reports nothing does not run. Other topics may be silent.
        missing: deployed.schedules.clock && isTicked(declared) ? 'breaching' : 'ignore',
      })),
    when: {
      above: 300,
      stages: { dev: 900 },
      periodSeconds: MINUTE,
      periods: 5,
      because:
        'a deployment or a lost broker costs two minutes; pollers on demand take up to three to be more, so dev has more time',
    },
    missing: 'breaching',
  },
  'lag-records': {
    says: 'A consumer has more than 10,000 records before it.',
    urgency: 'now',
    cause: 'progress',
    watches: deployed =>
      recordLags(deployed).map(({ of, metric }) => ({ of, value: { metric, statistic: 'Maximum' } })),
    when: {
      above: 10_000,
      periodSeconds: MINUTE,
      periods: 5,
      because:
        'the slowest consumer of readings decides some 4,900 records a second, so that many are gone within seconds where it keeps up',
    },
    // Before the first commit of a group MSK tells nothing; `lag-seconds` then does.
    missing: 'notBreaching',
  },
  'partition-waits': {
    says: 'A consumer cannot go on in a partition: its records stay in Kafka.',
    urgency: 'now',
    cause: 'progress',
    watches: counted('deferred'),
    when: WAITS,
    missing: 'notBreaching',
  },
  'breaker-open': {
    says: 'Nearly all records fail unexpectedly: a consumer leaves them in Kafka.',
    urgency: 'now',
    cause: 'code',
    watches: counted('breaker-open'),
    when: {
      above: 0,
      periodSeconds: MINUTE,
      periods: 1,
      because: 'it opens only after twenty decisions, so there is nothing to wait for',
    },
    missing: 'notBreaching',
  },
  'publish-slow': {
    says: 'Kafka takes longer than 100 ms to acknowledge one publishing of a hundred.',
    urgency: 'soon',
    cause: 'kafka',
    watches: ({ env, functions }) =>
      functions
        .filter(({ emits, uses }) => emits.length > 0 && !uses.includes('console'))
        .map(({ name }) => ({
          of: name,
          value: { metric: own(env, name, 'publishMs'), statistic: 'p99' },
        })),
    when: {
      above: 100,
      stages: { dev: 500 },
      periodSeconds: 5 * MINUTE,
      periods: 3,
      because:
        'the first publishing of a cold start connects, which takes longer: a quarter of an hour is more than that. dev has MSK Serverless',
    },
    missing: 'notBreaching',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>

/** How many records each consumer has before it in each of its topics, as MSK counts them. */
export function recordLags(deployed: Deployed): readonly { readonly of: string; readonly metric: Metric }[] {
  const { env } = deployed
  return consumersOf(deployed).flatMap(({ name, consumes, foreignTopics }) => {
    const topics = new Map<string, string>([
      ...consumes.map(signal => [signal, topicName(signal, env)] as const),
      ...foreignTopics.map(topic => [topic, topic] as const),
    ])
    return [...topics].map(([short, topic]) => ({
      of: `${name}-${short}`,
      metric: ofKafka('SumOffsetLag', {
        'Cluster Name': clusterName(deployed),
        'Consumer Group': groupName(name, env),
        Topic: topic,
      }),
    }))
  })
}

function consumersOf({ functions }: Deployed): readonly DeclaredFunction[] {
  return functions.filter(isConsumer)
}

function isTicked({ consumes }: DeclaredFunction): boolean {
  return consumes.some(signal => TICKED.includes(signal))
}
