/**
 * Activates the alert rules and the plan of the tables by appending them to the topics in which they are evaluated. Nothing is
 * appended if they have not changed and were appended less than a day ago.
 */

import { type Activation, rulesActivated, whyActivate } from '../../lib/alerting/activation.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { activateViews } from '../../lib/app/activate-views.ts'
import { appendToPartitions } from '../../lib/app/append-to-partitions.ts'
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, KAFKA, REDIS, RULES, VIEWS } from '../../lib/app/settings/index.ts'
import { topicsOf } from '../../lib/app/topics.ts'
import { loadPlan } from '../../lib/views/adapters/plan-file.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'rules',
  Connections,
  [GENERAL, KAFKA, REDIS, RULES, VIEWS],
  async ({ config, connections, scheduledFor }) => {
    const set = ruleSetOf(await loadRules(config.rulesDir))
    const rules = await appendToPartitions(connections, config, {
      signals: topicsOf(['ruled']),
      last: await connections.value<Activation>(`rules:${config.env}`),
      next: { hash: set.hash, atMs: Date.parse(scheduledFor) },
      why: whyActivate,
      event: partition => rulesActivated(set, partition, scheduledFor),
    })
    const views = await activateViews(connections, config, await loadPlan(config.viewsDir), scheduledFor)
    return { rules: set.rules.length, hash: set.hash, ...rules, views }
  },
  NAME,
)
