/** The handlers: the project's runtime, unchanged unless a sabotage is requested. */
import type { Context } from 'aws-lambda'
import { forwarderHandler } from '#runtime/lambda/forwarder-handler.ts'
import type { KafkaHandler } from '#runtime/lambda/handler-types.ts'
import { kafkaHandler } from '#runtime/lambda/kafka-handler.ts'
import { handler as mapping } from '../../../functions/intake/handler.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { kafkaConsumer } from '../../../lib/app/kafka-consumer.ts'
import { GENERAL } from '../../../lib/app/settings/index.ts'
import { signalNamed } from '../../../lib/app/topics.ts'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { redriverIn } from '../../../lib/redriver/scheduled-run.ts'
import { knowAttempts, neverDefer } from './attempts.ts'
import * as chapters from './chapters.ts'
import { letStraggle, mayBeLate } from './lateness.ts'
import * as movers from './movers.ts'
import * as processes from './processes.ts'
import { breakRules, isBroken, unreported } from './sabotage.ts'
import * as tasks from './tasks.ts'

breakRules()
// Applied after the sabotage, so that delays also apply to a sabotaged commit.
letStraggle()
knowAttempts()
neverDefer('parking')

type Handler = (event: never, context: Context) => Promise<unknown>

export const intake = handler(mapping)
export const counting = handler(kafkaConsumer('counting', processes.counting))
export const receiving = handler(kafkaConsumer('receiving', processes.receiving))
export const router = handler(
  kafkaConsumer(
    'dlq-router',
    ({ env }) => dlqRouter({ policy: tasks.POLICY, findTopicName: topic => signalNamed(topic, env) }),
    { slices: [GENERAL], failuresTo: 'dlq' },
  ),
)
export const archiving = handler(kafkaConsumer('archiving', movers.archiving))
export const failing = handler(kafkaConsumer('failing', tasks.failing))
// Application whose retries come after less than the shortest delay of Sluice.
const hasty = { ...APPLICATION, firstRetryMs: tasks.DELAYS_MS['retry-1m'] }
export const parking = handler(kafkaHandler(hasty, 'parking', chapters.parking))
export const redriver = forwarderHandler(
  APPLICATION,
  'redriver',
  ({ env }) => redriverIn(env, signal => (isBroken('retry-early') ? 0 : tasks.DELAYS_MS[signal])),
  { failuresTo: 'dlq' },
)
export const forwarding = forwarderHandler(APPLICATION, 'forwarding', ({ env }) => movers.forwarding(env))

function handler(consumer: unknown): Handler {
  const late = Object.assign(mayBeLate(consumer as Handler), {
    consumer: (consumer as Partial<KafkaHandler>).consumer,
  })
  return isBroken('stop') ? unreported(late) : late
}
