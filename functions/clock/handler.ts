/** Appends a tick to every partition of the topics whose consumers have timers, so that the log's clock advances even where no readings arrive. */
import { NAME } from '../../lib/app/name.ts'
import { TICKED, TICKED_OFTEN, topicName } from '../../lib/app/topics.ts'
import { clockHandler } from '../../lib/runtime/lambda/clock-handler.ts'
import { TICK_TYPE, tick } from '../../lib/telemetry/tick.ts'

const application = { name: NAME, kafkaTopic: topicName, tickType: TICK_TYPE }

export const handler = clockHandler(application, 'clock', TICKED, tick, TICKED_OFTEN)
