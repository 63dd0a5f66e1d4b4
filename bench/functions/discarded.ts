/**
 * Messages of a queue about batches that Lambda has given up, in the form of
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html.
 */

const MESSAGES = 10

/** @param run distinguishes the messages of different runs */
export function discardedEvent(run: number): object {
  const Records = Array.from({ length: MESSAGES }, (_, at) => ({
    messageId: `${run}-${at}`,
    body: JSON.stringify(discarded(run * MESSAGES + at)),
  }))
  return { Records }
}

function discarded(at: number): object {
  return {
    requestContext: {
      requestId: `request-${at}`,
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:sluice-local-processor',
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 1,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '2026-03-01T12:00:00.000Z',
    KafkaBatchInfo: {
      batchSize: 500,
      eventSourceArn:
        'arn:aws:kafka:us-east-1:123456789012:cluster/bench/00000000-0000-0000-0000-000000000000-1',
      bootstrapServers: '',
      payloadSize: 100_000,
      recordsInfo: {
        'sluice.telemetry.readings.local-0': {
          firstRecordOffset: String(at * 500),
          lastRecordOffset: String(at * 500 + 499),
          firstRecordTimestamp: '2026-03-01T12:00:00.000Z',
          lastRecordTimestamp: '2026-03-01T12:00:01.000Z',
        },
      },
    },
  }
}
