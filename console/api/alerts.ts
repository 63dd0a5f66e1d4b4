/** Alerts now and before, notifications, silences, and rules. */
import type { ConsoleEnvironment } from '../environment.ts'
import { listRoutes } from './alerts/lists.ts'
import { notificationRoutes } from './alerts/notifications.ts'
import { oneRoutes } from './alerts/one.ts'
import { ruleFileRoutes } from './alerts/rule-files.ts'
import { ruleRoutes } from './alerts/rules.ts'
import { silenceRoutes } from './alerts/silences.ts'
import { trialRoutes } from './alerts/trial.ts'

export function alertRoutes(environment: ConsoleEnvironment) {
  return {
    ...listRoutes(environment),
    ...oneRoutes(environment),
    ...notificationRoutes(environment),
    ...silenceRoutes(environment),
    ...ruleRoutes(environment),
    ...ruleFileRoutes(environment),
    ...trialRoutes(environment),
  }
}
