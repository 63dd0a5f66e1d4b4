/**
 * Activates the alert rules and the plan of the tables by appending them to the topics in which they are evaluated. Nothing is
 * appended if the log has them in force, and they were appended less than a day ago.
 */

import { RULES_ACTIVATED_TYPE } from '../../lib/alerting/activated-type.ts'
import { rulesActivated } from '../../lib/alerting/activation.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { loadRules } from '../../lib/alerting/rules-directory.ts'
import { activateViews } from '../../lib/app/activate-views.ts'
import { appendActivation } from '../../lib/app/activations.ts'
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, KAFKA, REDIS, RULES, VIEWS } from '../../lib/app/settings/index.ts'
import { topicsOf } from '../../lib/app/topics.ts'
import { loadPlan } from '../../lib/views/adapters/plan-file.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../lib/views/event-names.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'rules',
  Connections,
  [GENERAL, KAFKA, REDIS, RULES, VIEWS],
  async ({ config, connections, scheduledFor: at, telemetry }) => {
    const warn = (type: string) => () =>
      telemetry.warn(`no ${type} is left in the log: the packaged one holds`, {
        kind: 'no-activation-left',
        type,
      })
    const { data: set, ...rules } = await appendActivation(connections, config, {
      ...{ name: `rules:${config.env}`, type: RULES_ACTIVATED_TYPE, signals: topicsOf(['ruled']), at },
      ...{ isKnown: true, warn: warn(RULES_ACTIVATED_TYPE), event: rulesActivated },
      choose: async () => ruleSetOf(await loadRules(config.rulesDir)),
    })
    const plan = await loadPlan(config.viewsDir)
    const views = await activateViews(connections, config, plan, at, warn(VIEWS_ACTIVATED_TYPE))
    return { rules: set.rules.length, hash: set.hash, ...rules, views }
  },
  NAME,
)
