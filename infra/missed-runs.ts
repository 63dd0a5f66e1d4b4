/**
 * Handling of a scheduled run that failed, or that never began. Lambda runs it asynchronously, so it retries by itself, and sends
 * a message to a queue when it has given up. Pure.
 */
import { arnHere, type Statement } from './arn.ts'
import { periodOf } from './schedules.ts'

/** The logical id of the queue. */
const MISSED_RUNS = 'MissedRuns'

/** The name of the queue in a stage. */
export function missedRunsName(stage: string): string {
  return `sluice-${stage}-missed-runs`
}

/** When Lambda tries a run again: a minute after it failed, and two minutes after that, in seconds. */
const RETRIES_AFTER = [60, 180]
/** The bounds of an event's age, in seconds. */
const YOUNGEST = 60
const OLDEST = 6 * 60 * 60
/** Period of a schedule without a written one, as of `cron(…)`. */
const SOME_PERIOD = 60 * 60

/** The fields of the framework for asynchronous invocations. */
export interface MissedRunFields {
  readonly destinations: { readonly onFailure: object }
  /** In seconds. */
  readonly maximumEventAge: number
  readonly maximumRetryAttempts: number
}

/**
 * Returns the retries of runs. Each run continues where the last one ended, so the next one makes up for a missed one: it is
 * dropped after the period, and retried only as often as fits into it. By default Lambda would keep a run for six hours, and
 * after an outage call the function for each of them.
 *
 * @param expression `rate(…)` or `cron(…)`
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function missedRunFields(expression: string): MissedRunFields {
  const period = periodOf(expression) ?? SOME_PERIOD
  return {
    destinations: { onFailure: { type: 'sqs', arn: { 'Fn::GetAtt': [MISSED_RUNS, 'Arn'] } } },
    maximumEventAge: Math.min(OLDEST, Math.max(YOUNGEST, period)),
    maximumRetryAttempts: RETRIES_AFTER.filter(seconds => seconds < period).length,
  }
}

/** Lambda writes to the queue in the function's name. */
export function missedRunStatements(stage: string): Statement[] {
  const queue = arnHere('sqs', missedRunsName(stage))
  return [{ Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [queue] }]
}

/**
 * Returns the queue. A message has the name of the function, the schedule's event and the error, without any record. AWS's own
 * key for SQS encrypts it: users of the queue may use that key, so no role needs more.
 */
export function missedRunsResources(stage: string): Record<string, object> {
  const queue = { 'Fn::GetAtt': [MISSED_RUNS, 'Arn'] }
  const onlyEncrypted = {
    Sid: 'OnlyEncryptedConnections',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: queue,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
  return {
    [MISSED_RUNS]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: missedRunsName(stage),
        KmsMasterKeyId: 'alias/aws/sqs',
        // The longest that SQS keeps anything: two weeks.
        MessageRetentionPeriod: 14 * 24 * 60 * 60,
      },
    },
    [`${MISSED_RUNS}Policy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: MISSED_RUNS }],
        PolicyDocument: { Version: '2012-10-17', Statement: [onlyEncrypted] },
      },
    },
  }
}
