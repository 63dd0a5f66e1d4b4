/**
 * Activates the alert rules by appending the rule set to the topics in which rules are evaluated. Nothing is appended if the rules
 * have not changed and were appended less than a day ago.
 */

import { type Activation, rulesActivated, whyActivate } from '../../lib/alerting/activation.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, KAFKA, REDIS, RULES } from '../../lib/app/settings/index.ts'
import { topicName, topicsOf } from '../../lib/app/topics.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'rules',
  Connections,
  [GENERAL, KAFKA, REDIS, RULES],
  async ({ config, connections, scheduledFor }) => {
    const set = ruleSetOf(await loadRules(config.rulesDir))
    const publisher = await connections.publisher()
    const places: { topic: string; partition: number }[] = []
    for (const topic of topicsOf(['ruled']).map(signal => topicName(signal, config.env)))
      for (let partition = 0, end = await publisher.partitionsOf(topic); partition < end; partition += 1)
        places.push({ topic, partition })
    const partitions = places.length
    const last = await connections.value<Activation>(`rules:${config.env}`)
    const next = { hash: set.hash, atMs: Date.parse(scheduledFor), partitions }
    const why = whyActivate(await last.read(), next)
    if (why) {
      const events = places.map(place => ({
        ...{ ...place, key: null },
        ...writeEvent(rulesActivated(set, place.partition, scheduledFor), config.contentMode),
      }))
      await publisher.publish(events)
      // Store the activation after publishing it. If the run fails in between, the next run appends the rules again.
      await last.write(next)
    }
    return { rules: set.rules.length, hash: set.hash, appended: why ? partitions : 0, why: why ?? 'not-due' }
  },
  NAME,
)
