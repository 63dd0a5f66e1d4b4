/** Routes of the HTTP API under `/api`, and the types of their responses for the page. */
import type { ConsoleEnvironment } from '../environment.ts'
import { listRoutes } from './alerts/lists.ts'
import { oneRoutes } from './alerts/one.ts'
import { createConditionsCache, ruleRoutes } from './alerts/rules.ts'
import { silenceRoutes } from './alerts/silences.ts'
import { tryRoutes } from './alerts/try.ts'
import { deadLetterRoutes } from './failures/dead-letters.ts'
import { handlingRoutes } from './failures/handling.ts'
import { oneDeadLetterRoutes } from './failures/one-dead-letter.ts'
import { kafkaRoutes } from './kafka.ts'
import { OverviewLooks } from './overview/look.ts'
import { type AnswersOf, declareQuery, declareSharedQuery } from './route.ts'
import { tableRoutes } from './tables.ts'
import { telemetryRoutes } from './telemetry.ts'

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
