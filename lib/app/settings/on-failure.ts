import { setting, slice, text } from '#runtime/settings/index.ts'

/** Settings of the on-failure destination, where Lambda sends the records that it discards. */
export const ON_FAILURE = slice('Records that Lambda gives up', {
  ON_FAILURE_QUEUE_ARN: setting(
    text(/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:[\w-]{1,80}$/, 'the ARN of an SQS queue'),
    {
      description: 'SQS queue of [records that Lambda discards](failures.md#what-lambda-itself-gives-up).',
      otherwise: 'not read',
      setBy: 'deployment',
    },
  ),
  ON_FAILURE_BUCKET: setting(text(/^[a-z0-9.-]{3,63}$/, 'the name of a bucket'), {
    description: 'S3 bucket for records that Lambda discards. The bucket must notify the queue.',
    otherwise: 'not read',
    setBy: 'deployment',
  }),
})
