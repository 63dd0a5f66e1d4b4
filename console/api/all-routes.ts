/** Routes of the HTTP API under `/api`, and the types of their responses for the page. */
import type { ConsoleEnvironment } from '../environment.ts'
import { type AnswersOf, declareQuery, declareSharedQuery } from '../http/declare-route.ts'
import { oneRoutes } from './alerts/alert-details.ts'
import { listRoutes } from './alerts/alert-lists.ts'
import { tryRoutes } from './alerts/rule-trial.ts'
import { createConditionsCache, ruleRoutes } from './alerts/rules.ts'
import { silenceRoutes } from './alerts/silences.ts'
import { oneDeadLetterRoutes } from './failures/dead-letter-details.ts'
import { deadLetterRoutes } from './failures/dead-letter-list.ts'
import { handlingRoutes } from './failures/redrive-or-drop.ts'
import { kafkaRoutes } from './kafka/kafka-routes.ts'
import { OverviewLooks } from './overview/overview.ts'
import { tableRoutes } from './sql-tables/sql-tables.ts'
import { telemetryRoutes } from './telemetry/telemetry-routes.ts'

/** Response types by route name. */
export type Answers = AnswersOf<ReturnType<typeof apiRoutes>>

export function apiRoutes(environment: ConsoleEnvironment) {
  const looks = new OverviewLooks(environment)
  const conditions = createConditionsCache(environment)
  return {
    ...environmentRoutes(environment),
    '/overview': declareSharedQuery({}, () => looks.look()),
    ...telemetryRoutes(environment),
    ...listRoutes(environment, conditions),
    ...oneRoutes(environment),
    ...silenceRoutes(environment),
    ...ruleRoutes(environment, conditions),
    ...tryRoutes(environment),
    ...deadLetterRoutes(environment),
    ...oneDeadLetterRoutes(environment),
    ...handlingRoutes(environment),
    ...kafkaRoutes(environment),
    ...tableRoutes(environment),
  }
}

/** Route with the properties of the environment. The page requests it before it shows anything. */
function environmentRoutes({ config, isLocal }: ConsoleEnvironment) {
  return {
    '/environment': declareQuery({}, async (_, request) => ({
      env: config.env,
      isLocal,
      person: request.get('person'),
    })),
  }
}
