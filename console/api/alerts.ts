/** Routes for current and past alerts, silences, and rules. */
import type { ConsoleEnvironment } from '../environment.ts'
import { listRoutes } from './alerts/lists.ts'
import { oneRoutes } from './alerts/one.ts'
import { conditionsIn, ruleRoutes } from './alerts/rules.ts'
import { silenceRoutes } from './alerts/silences.ts'
import { tryRoutes } from './alerts/try.ts'

export function alertRoutes(environment: ConsoleEnvironment) {
  const conditions = conditionsIn(environment)
  return {
    ...listRoutes(environment, conditions),
    ...oneRoutes(environment),
    ...silenceRoutes(environment),
    ...ruleRoutes(environment, conditions),
    ...tryRoutes(environment),
  }
}
