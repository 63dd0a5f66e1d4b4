/** Routes for current and past alerts, notifications, silences, and rules. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
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
    ...notificationRoutes(environment),
    ...silenceRoutes(environment),
    ...ruleRoutes(environment),
    ...ruleFileRoutes(environment),
    ...trialRoutes(environment),
  }
}

/** Routes for lists of alerts and for a single alert. */
export function alertListRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  routes.route('/', listRoutes(environment))
  routes.route('/', oneRoutes(environment))
  return routes
}
