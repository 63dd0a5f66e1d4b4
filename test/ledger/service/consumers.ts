/** The handlers: the project's runtime, unchanged. */
import type { Context } from 'aws-lambda'
import type { KafkaHandler } from '#runtime/functions/consumers'
import { createForwarderRun } from '#runtime/functions/forwarders'
import { handler as mapping } from '../../../functions/intake/handler.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { kafkaConsumer } from '../../../lib/app/kafka-consumer.ts'
import { type ScheduledRun, scheduledFunction } from '../../../lib/app/scheduled-function.ts'
import { FAMILIES, GENERAL } from '../../../lib/app/settings/index.ts'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { createScheduledRedriver } from '../../../lib/redriver/scheduled-run.ts'
import { knowAttempts } from './attempts.ts'
import { letStraggle, mayBeLate } from './lateness.ts'
import * as movers from './movers.ts'
import * as processes from './processes.ts'
import * as tasks from './tasks.ts'

letStraggle()

type Config = ScheduledRun<readonly [typeof FAMILIES]>['config']
type Handler = (event: never, context: Context) => Promise<unknown>

export const intake = handler(mapping)
export const counting = handler(kafkaConsumer('counting', processes.counting))
export const receiving = handler(kafkaConsumer('receiving', processes.receiving))
export const router = handler(
  kafkaConsumer(
    'dlq-router',
    ({ env, names }) =>
      dlqRouter({ policy: tasks.POLICY, findTopicName: topic => names.signalNamed(topic, env) }),
    { slices: [GENERAL], failuresTo: 'dlq' },
  ),
)
export const archiving = handler(kafkaConsumer('archiving', config => movers.archiving(config)))
export const failing = handler(kafkaConsumer('failing', tasks.failing, { adapt: knowAttempts }))
export const redriver = scheduledFunction(
  'redriver',
  [FAMILIES],
  createForwarderRun(
    APPLICATION,
    'redriver',
    (config: Config) => createScheduledRedriver(config, signal => tasks.DELAYS_MS[signal]),
    { failuresTo: 'dlq' },
  ),
)
export const forwarding = scheduledFunction(
  'forwarding',
  [FAMILIES],
  createForwarderRun(APPLICATION, 'forwarding', (config: Config) => movers.forwarding(config)),
)

function handler(consumer: unknown): Handler {
  return Object.assign(mayBeLate(consumer as Handler), {
    consumer: (consumer as Partial<KafkaHandler>).consumer,
  })
}
