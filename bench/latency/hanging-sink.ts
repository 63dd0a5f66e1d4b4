import process from 'node:process'
import { RetryableError } from '#runtime/consumer/author-errors.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../../lib/alerting/alert.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'

// A sink on the alerts topic whose receiver takes every request and never answers in time, beside the measured function.

const HANGING = 'hanging'
/** The timeout of a patient webhook. */
const HANGS_MS = 30_000

export const handler = kafkaConsumer(HANGING, {
  name: HANGING,
  accepts: [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE],
  deliver: async deliveries => {
    try {
      const signal = AbortSignal.timeout(HANGS_MS)
      await fetch(String(process.env.RECEIVER_URL), {
        method: 'POST',
        body: deliveries[0]?.key ?? '',
        signal,
      })
    } catch (error) {
      throw new RetryableError('the receiver hangs', { cause: error })
    }
    return deliveries.map(() => ({ kind: 'delivered', reason: 'sent' }) as const)
  },
})
