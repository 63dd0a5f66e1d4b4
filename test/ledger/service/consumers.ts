/** The handlers: the project's runtime, unchanged. */
import { createForwarderRun } from '#runtime/functions/forwarders'
import { APPLICATION } from '../../../lib/app/application.ts'
import { kafkaConsumer } from '../../../lib/app/kafka-consumer.ts'
import { type ScheduledRun, scheduledFunction } from '../../../lib/app/scheduled-function.ts'
import { FAMILIES, GENERAL } from '../../../lib/app/settings/index.ts'
import { dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { createScheduledRedriver } from '../../../lib/redriver/scheduled-run.ts'
import { knowAttempts } from './attempts.ts'
import * as processes from './processes.ts'
import * as tasks from './tasks.ts'

type Config = ScheduledRun<readonly [typeof FAMILIES]>['config']

export { handler as intake } from '../../../functions/intake/handler.ts'
export const counting = kafkaConsumer('counting', processes.counting)
export const receiving = kafkaConsumer('receiving', processes.receiving)
export const router = kafkaConsumer(
  'dlq-router',
  ({ env, names }) =>
    dlqRouter({ policy: tasks.POLICY, findTopicName: topic => names.signalNamed(topic, env) }),
  { slices: [GENERAL], failuresTo: 'dlq' },
)
export const failing = kafkaConsumer('failing', tasks.failing, { adapt: knowAttempts })
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
