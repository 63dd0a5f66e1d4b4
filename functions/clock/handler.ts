/**
 * Appends a tick to each partition of the topics whose consumers have timers. Log time then advances even if no readings arrive.
 * Archived topics without ticks get one where the archiver waits for a further record.
 */
import { NAME } from '../../lib/app/name.ts'
import { appendQuietTicks } from '../../lib/app/quiet-ticks.ts'
import { TICKED_OFTEN, topicName, topicsOf } from '../../lib/app/topics.ts'
import { TICK_TYPE, tick } from '../../lib/telemetry/tick.ts'
import { clockHandler } from '../../packages/runtime/lambda/clock-handler.ts'

const application = { name: NAME, kafkaTopic: topicName, tickType: TICK_TYPE }

export const handler = clockHandler(
  application,
  'clock',
  topicsOf(['ticked']),
  tick,
  TICKED_OFTEN,
  async run => ({ archiverTicks: await appendQuietTicks(run) }),
)
