/** All routes of the HTTP interface below `/api`, and the types of their answers for the page. */
import type { ConsoleEnvironment } from '../environment.ts'
import { alertRoutes } from './alerts.ts'
import { failureRoutes } from './failures.ts'
import { journeyRoutes } from './journey.ts'
import { kafkaRoutes } from './kafka.ts'
import { OverviewSampler } from './overview/sampler.ts'
import { type AnswersOf, asked, watched } from './route.ts'
import { stateRoutes } from './state.ts'
import { telemetryRoutes } from './telemetry.ts'
import { writingRoutes } from './writing.ts'

/** Answers by the names of routes, for the page. */
export type Answers = AnswersOf<ReturnType<typeof apiRoutes>>

export function apiRoutes(environment: ConsoleEnvironment) {
  return {
    ...environmentRoutes(environment),
    ...overviewRoutes(environment),
    ...telemetryRoutes(environment),
    ...alertRoutes(environment),
    ...failureRoutes(environment),
    ...kafkaRoutes(environment),
    ...stateRoutes(environment),
    ...journeyRoutes(environment),
    ...writingRoutes(environment),
  }
}

/** Routes that the page needs before it shows anything. */
function environmentRoutes({ config, isLocal, streams }: ConsoleEnvironment) {
  return {
    '/environment': asked({}, async (_, request) => ({
      env: config.env,
      isLocal,
      /** Whether answers can be streamed; if not, the page asks again and again. */
      streams,
      hasRegistry: config.registry !== undefined,
      person: request.get('person'),
    })),
  }
}

/** Routes of the flow: figures, lag, stalls, the last alerts. */
function overviewRoutes(environment: ConsoleEnvironment) {
  const sampler = new OverviewSampler(environment)
  return {
    // The newest look is already in memory.
    '/overview': watched({}, 1_000, () => sampler.newest()),
    '/overview/history': asked({}, async () => {
      // Starts looking, so that the next request has figures.
      await sampler.newest()
      return sampler.history
    }),
  }
}
