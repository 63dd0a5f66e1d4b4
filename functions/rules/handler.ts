/** Activates the alert rules: appends them to every partition of readings if they have changed or a day has passed. */

import { type Activation, rulesActivated, whyActivate } from '../../lib/alerting/activation.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { GENERAL, KAFKA, REDIS, RULES } from '../../lib/app/settings/index.ts'
import { topicName } from '../../lib/app/topics.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import { Connections } from '../../lib/runtime/lambda/connections.ts'
import { scheduled } from '../../lib/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'rules',
  Connections,
  [GENERAL, KAFKA, REDIS, RULES],
  async ({ config, connections, scheduledFor }) => {
    const set = ruleSetOf(await loadRules(config.rulesDir))
    const topic = topicName('readings', config.env)
    const publisher = await connections.publisher()
    const partitions = await publisher.partitionsOf(topic)
    const last = await connections.value<Activation>(`rules:${config.env}`)
    const next = { hash: set.hash, atMs: Date.parse(scheduledFor), partitions }
    const why = whyActivate(await last.read(), next)
    if (why) {
      const events = Array.from({ length: partitions }, (_, partition) => ({
        ...{ topic, partition, key: null },
        ...writeEvent(rulesActivated(set, partition, scheduledFor), config.contentMode),
      }))
      await publisher.publish(events)
      // Only after publishing: a failed run appends them again.
      await last.write(next)
    }
    return { rules: set.rules.length, hash: set.hash, appended: why ? partitions : 0, why: why ?? 'not-due' }
  },
)
