/**
 * Handling of scheduled runs that fail. Lambda invokes a scheduled function asynchronously. It retries a failed run, and after the
 * last retry it discards the run and sends a message to a queue. Pure.
 */
import { arnHere, type Statement } from './arn.ts'
import { periodOf } from './schedules.ts'

/** Logical id of the queue. */
const MISSED_RUNS = 'MissedRuns'

/** Returns the name of the queue in a stage. */
function missedRunsName(stage: string): string {
  return `sluice-${stage}-missed-runs`
}

/** Times at which Lambda retries a failed run, in seconds after the first failure. */
const RETRIES_AFTER = [60, 180]
/** Minimum and maximum that Lambda allows for the maximum event age, in seconds. */
const YOUNGEST = 60
const OLDEST = 6 * 60 * 60
/** Period that is assumed for a schedule with a cron expression, in seconds. */
const SOME_PERIOD = 60 * 60

/** Serverless Framework fields for asynchronous invocations. */
export interface MissedRunFields {
  readonly destinations: { readonly onFailure: object }
  /** Maximum age of an event before it is discarded, in seconds. */
  readonly maximumEventAge: number
  readonly maximumRetryAttempts: number
}

/**
 * Returns the retry settings of a scheduled function. Each run continues where the previous one ended, so a missed run is made up
 * by the next one. A failed run is therefore retried only within the period of the schedule, and then discarded. By default, Lambda
 * would keep failed runs for six hours and start all of them after an outage.
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

/** Returns the permission to write to the queue. Lambda uses the role of the function. */
export function missedRunStatements(stage: string): Statement[] {
  const queue = arnHere('sqs', missedRunsName(stage))
  return [{ Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [queue] }]
}

/**
 * Returns the resources of the queue for failed runs. A message contains the name of the function, the schedule's event and the error, but
 * no records. The queue is encrypted with the AWS managed key of SQS, which needs no further permissions.
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
        // Maximum retention of SQS: two weeks.
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
