/** Appends a tick to every partition of readings, so that the log's clock advances even where no readings arrive. */
import { topicName } from '../../lib/app/topics.ts'
import { clockHandler } from '../../lib/runtime/lambda/clock-handler.ts'
import { TICK_TYPE, tick } from '../../lib/telemetry/tick.ts'

export const handler = clockHandler({ kafkaTopic: topicName, tickType: TICK_TYPE }, 'clock', 'readings', tick)
