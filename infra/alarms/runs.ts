/** Alarms about invocations that fail, and about schedules. Pure. */

import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { lambdaName } from '../../lib/app/resource-names.ts'
import { missedRunsName } from '../missed-runs.ts'
import { periodOf } from '../schedules.ts'
import type { AlarmKind, Deployed, Watched } from './alarm.ts'
import { MINUTE } from './counted.ts'
import { ofLambda, ofQueue, own } from './metrics.ts'
import { queueName } from './names.ts'

/** CloudWatch adds up no more than a day. */
const LONGEST_PERIOD = 86_400

export const RUNS = {
  errors: {
    says: 'A function fails again and again: it throws, or runs out of time or memory.',
    urgency: 'now',
    cause: 'functions',
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
    cause: 'functions',
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
    cause: 'functions',
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
  'run-given-up': {
    says: 'Lambda has given up a scheduled run, after all its tries.',
    urgency: 'soon',
    cause: 'functions',
    watches: ({ stage }) => [
      { value: { metric: ofQueue(missedRunsName(stage), 'NumberOfMessagesSent'), statistic: 'Sum' } },
    ],
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because:
        'each message is a run that nobody tries again; they stay in the queue for two weeks, so its length would not fall',
    },
    missing: 'notBreaching',
  },
  'on-failure-waits': {
    says: 'What Lambda has given up waits in its queue for a quarter of an hour: on-failure does not take it.',
    urgency: 'now',
    cause: 'functions',
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
  'checkpoint-old': {
    says: 'A changed partition state has had no checkpoint for an hour, or none are taken.',
    urgency: 'soon',
    cause: 'functions',
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
} as const satisfies Readonly<Record<string, AlarmKind>>

/** How often a schedule calls the function, in seconds; undefined where none does, or where it is not a rate. */
function intervalOf({ schedule }: DeclaredFunction, { schedules }: Deployed): number | undefined {
  return schedule && schedules[schedule.condition] ? periodOf(schedule.expression) : undefined
}
