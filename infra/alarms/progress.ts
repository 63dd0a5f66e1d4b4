/** Alarms about functions that do not run, do not go on, or are late. Pure. */
import { groupName, TICKED, topicName } from '../../lib/app/topics.ts'
import { type DeclaredFunction, isConsumer } from '../functions.ts'
import type { AlarmKind, Deployed, Watched } from './alarm.ts'
import { type Metric, ofAllFunctions, ofKafka, ofLambda, ofQueue, own } from './metrics.ts'
import { clusterName, lambdaName, missedRunsQueue, queueName } from './names.ts'

const MINUTE = 60
/** CloudWatch adds up no more than a day. */
const LONGEST_PERIOD = 86_400

export const PROGRESS = {
  'lag-seconds': {
    says: 'A consumer is more than five minutes behind its log, or does not run at all.',
    urgency: 'now',
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
    watches: deployed =>
      recordLags(deployed).map(({ of, metric }) => ({ of, value: { metric, statistic: 'Maximum' } })),
    when: {
      above: 10_000,
      periodSeconds: MINUTE,
      periods: 5,
      because:
        'one function decides more than 10,000 records a second, so that many are left only where it cannot go on',
    },
    // Before the first commit of a group MSK tells nothing; `lag-seconds` then does.
    missing: 'notBreaching',
  },
  errors: {
    says: 'A function fails again and again: it throws, or runs out of time or memory.',
    urgency: 'now',
    watches: ({ functions, stage }) =>
      functions.map(({ name }) => ({
        of: name,
        value: { metric: ofLambda(lambdaName(stage, name), 'Errors'), statistic: 'Sum' },
      })),
    when: {
      above: 0,
      stages: { dev: 5 },
      periodSeconds: 5 * MINUTE,
      periods: 2,
      because:
        'one failed invocation is tried again by Lambda. Without partial responses, as in dev, a partition that waits is an error as well',
    },
    missing: 'notBreaching',
  },
  throttles: {
    says: 'Lambda refuses to run a function: its concurrency, or that of the account, is used up.',
    urgency: 'now',
    watches: ({ functions, stage }) =>
      functions.map(({ name }) => ({
        of: name,
        value: { metric: ofLambda(lambdaName(stage, name), 'Throttles'), statistic: 'Sum' },
      })),
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 2,
      because:
        'a scheduled function runs alone, so a run that takes long throttles the next one; ten minutes are not that',
    },
    missing: 'notBreaching',
  },
  'schedule-missed': {
    says: 'A scheduled function has not succeeded for five times its interval.',
    urgency: 'now',
    watches: deployed =>
      deployed.functions.flatMap(declared => {
        const seconds = intervalOf(declared, deployed)
        const name = lambdaName(deployed.stage, declared.name)
        if (seconds === undefined) return []
        return {
          of: declared.name,
          periodSeconds: Math.min(5 * seconds, LONGEST_PERIOD),
          value: {
            expression: 'FILL(invocations, 0) - FILL(errors, 0)',
            metrics: {
              invocations: { metric: ofLambda(name, 'Invocations'), statistic: 'Sum' },
              errors: { metric: ofLambda(name, 'Errors'), statistic: 'Sum' },
            },
          },
        } satisfies Watched
      }),
    when: {
      below: 1,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'the log clock takes at most two minutes of silence for time; after five, timers are late',
    },
    missing: 'breaching',
  },
  'partition-waits': {
    says: 'A consumer cannot go on in a partition: its records stay in Kafka.',
    urgency: 'now',
    watches: ({ env }) => [{ value: { query: ofAllFunctions(env, 'deferred') } }],
    when: {
      above: 0,
      stages: { dev: 5 },
      periodSeconds: MINUTE,
      periods: 6,
      breaching: 3,
      because:
        'a failover or a rolling restart of servers is over sooner; between the tries of a mapping a minute may be silent',
    },
    missing: 'notBreaching',
  },
  'breaker-open': {
    says: 'Nearly all records fail unexpectedly: a consumer leaves them in Kafka.',
    urgency: 'now',
    watches: ({ env }) => [{ value: { query: ofAllFunctions(env, 'breaker-open') } }],
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
  'checkpoint-old': {
    says: 'A changed partition state has had no checkpoint for an hour, or none are taken.',
    urgency: 'soon',
    watches: ({ env, schedules }) =>
      schedules.checkpoints
        ? [{ value: { metric: own(env, 'checkpoints', 'checkpointAgeSeconds'), statistic: 'Maximum' } }]
        : [],
    when: {
      above: 3_600,
      periodSeconds: 60 * MINUTE,
      periods: 1,
      because: 'checkpoints are taken every quarter of an hour: four in a row have failed',
    },
    missing: 'breaching',
  },
  'run-given-up': {
    says: 'Lambda has given up a scheduled run, after all its tries.',
    urgency: 'soon',
    watches: ({ stage }) => [
      { value: { metric: ofQueue(missedRunsQueue(stage), 'NumberOfMessagesSent'), statistic: 'Sum' } },
    ],
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because:
        'each message is a run that failed three times; they stay in the queue for two weeks, so its length would not fall',
    },
    missing: 'notBreaching',
  },
  'on-failure-waits': {
    says: 'What Lambda has given up waits in its queue for a quarter of an hour: on-failure does not take it.',
    urgency: 'now',
    watches: ({ onFailureQueue }) =>
      onFailureQueue === undefined
        ? []
        : [
            {
              value: {
                metric: ofQueue(queueName(onFailureQueue), 'ApproximateAgeOfOldestMessage'),
                statistic: 'Maximum',
              },
            },
          ],
    when: {
      above: 900,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'the function takes messages within seconds, and a queue keeps them for days',
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

/** How often a schedule calls the function, in seconds; undefined where none does, or where it is not a rate. */
function intervalOf({ schedule }: DeclaredFunction, { schedules }: Deployed): number | undefined {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule?.expression ?? '') ?? []
  if (!schedule || !schedules[schedule.condition] || count === undefined) return undefined
  return Number(count) * { minute: 60, hour: 3_600, day: 86_400 }[unit as 'minute' | 'hour' | 'day']
}
