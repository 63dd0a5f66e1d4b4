/** Routes of the HTTP API under `/api`, and the types of their responses for the page. */
import type { ConsoleEnvironment } from '../environment.ts'
import { alertRoutes } from './alerts.ts'
import { failureRoutes } from './failures.ts'
import { kafkaRoutes } from './kafka.ts'
import { OverviewSampler } from './overview/sampler.ts'
import { type AnswersOf, asked, watched } from './route.ts'
import { tableRoutes } from './tables.ts'
import { telemetryRoutes } from './telemetry.ts'

/** Response types by route name. */
export type Answers = AnswersOf<ReturnType<typeof apiRoutes>>

export function apiRoutes(environment: ConsoleEnvironment) {
  return {
    ...environmentRoutes(environment),
    ...overviewRoutes(environment),
    ...telemetryRoutes(environment),
    ...alertRoutes(environment),
    ...failureRoutes(environment),
    ...kafkaRoutes(environment),
    ...tableRoutes(environment),
  }
}

/** Route with the properties of the environment. The page requests it before it shows anything. */
function environmentRoutes({ config, isLocal, streams }: ConsoleEnvironment) {
  return {
    '/environment': asked({}, async (_, request) => ({
      env: config.env,
      isLocal,
      /** True if the console can stream responses. If false, the page polls. */
      streams,
      person: request.get('person'),
    })),
  }
}

/** Routes of the overview: figures, lag, stalls, and recent alerts. */
function overviewRoutes(environment: ConsoleEnvironment) {
  const sampler = new OverviewSampler(environment)
  return {
    // Returns the newest sample, which is already in memory.
    '/overview': watched({}, 1_000, () => sampler.newest()),
    '/overview/history': asked({}, async () => {
      // Start sampling, so that the next request has data.
      await sampler.newest()
      return sampler.history
    }),
  }
}
