/** Routes of the HTTP API under `/api`, and the types of their responses for the page. */

import type { KnownValues } from '../../control/questions/question.ts'
import { findReaderNeed } from '../../lib/app/connections/storage.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { declareQuery, type RouteAnswers, type Routes } from '../http/declare-route.ts'
import { declareCauseRoutes } from './alerts/alert-cause.ts'
import { declareKafkaRoutes } from './kafka/kafka-routes.ts'
import { declareOperations } from './operations.ts'
import type { OverviewReader } from './overview/overview.ts'
import { declareQuestions, type QuestionAnswers, type ShownQuestions } from './questions.ts'
import { declareSqlTableRoutes } from './sql-tables.ts'
import { declareTelemetryRoutes } from './telemetry/telemetry-routes.ts'

/** Response types by route name. */
export type Answers = RouteAnswers<ReturnType<typeof declareOwnRoutes>> &
  QuestionAnswers & { readonly '/questions': ShownQuestions; readonly '/questions/values': KnownValues }

export function declareApiRoutes(environment: ConsoleEnvironment, looks: OverviewReader): Routes {
  return { ...declareOwnRoutes(environment, looks), ...declareQuestions(environment) }
}

function declareOwnRoutes(environment: ConsoleEnvironment, looks: OverviewReader) {
  return {
    ...declareEnvironmentRoutes(environment),
    '/overview': declareQuery({}, () => looks.read()),
    ...declareTelemetryRoutes(environment),
    ...declareCauseRoutes(environment),
    ...declareKafkaRoutes(environment),
    ...declareSqlTableRoutes(environment),
    ...declareOperations(environment),
  }
}

/** Route with the properties of the environment. The page requests it before it shows anything. */
function declareEnvironmentRoutes({ config, isLocal }: ConsoleEnvironment) {
  return {
    '/environment': declareQuery({}, async (_, request) => ({
      env: config.env,
      isLocal,
      person: request.get('person'),
      /** Settings that charts of more than an hour need; null if nothing is missing. */
      chartsNeed: findReaderNeed(config, isLocal) ?? null,
    })),
  }
}
