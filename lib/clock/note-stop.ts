/** Says in the log that the functions are stopped on purpose. */
import { instant } from '#runtime/consumer'
import type { KafkaClients } from '#runtime/functions/kafka'
import { appendTicks } from '#runtime/functions/schedules'
import type { CombinedParts, GeneralSettings } from '#runtime/settings'
import type { Named } from '../app/naming/names.ts'
import { resolveSignals } from '../app/naming/topic-table.ts'
import type { CLOCK } from '../app/settings/index.ts'
import { lastTick } from '../telemetry/tick.ts'

/**
 * Appends a last tick to each partition that `alerting` watches, so that the next start raises no `PIPELINE_DOWN`. The log decides, so
 * after a kill, which appends nothing, the alert fires.
 *
 * @throws Unavailable if Kafka cannot be reached
 */
export async function noteStop(
  connections: Pick<KafkaClients, 'publisher'>,
  config: GeneralSettings & Named & CombinedParts<[typeof CLOCK]>,
  nowMs: number,
): Promise<void> {
  await appendTicks(
    {
      topics: resolveSignals(['ruled']),
      often: [],
      kafkaTopic: (signal, env) => config.names.topicName(signal, env),
      makeTick: lastTick,
    },
    { config, connections, scheduledFor: instant(nowMs), isScheduled: false, remainingMs: () => 0 },
  )
}
