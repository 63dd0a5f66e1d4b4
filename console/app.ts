/** The console: the page, and the questions behind it. The same app is served by Node and behind an HTTP API. */
import { Hono, type MiddlewareHandler } from 'hono'
import type { ConsoleHono } from './access/person.ts'
import { alertRoutes } from './api/alerts.ts'
import { environmentRoutes } from './api/environment.ts'
import { failureRoutes } from './api/failures.ts'
import { journeyRoutes } from './api/journey.ts'
import { kafkaRoutes } from './api/kafka.ts'
import { overviewRoutes } from './api/overview.ts'
import { answerProblem, ProblemError } from './api/problem.ts'
import { stateRoutes } from './api/state.ts'
import { telemetryRoutes } from './api/telemetry.ts'
import { writingRoutes } from './api/writing.ts'
import type { ConsoleEnvironment } from './environment.ts'
import type { PageFiles } from './page-files.ts'

export interface ConsoleParts {
  readonly environment: ConsoleEnvironment
  readonly page: PageFiles
  /** Lets in who may come in, sets `person`, and refuses all others. */
  readonly guard: MiddlewareHandler<ConsoleHono>
  /** Hears of errors that nobody expects. */
  readonly told: (error: unknown) => void
}

export function consoleApp({ environment, page, guard, told }: ConsoleParts): Hono<ConsoleHono> {
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => answerProblem(context, error, told))
  app.use((context, next) => {
    context.set('told', told)
    return next()
  })
  app.use(guard)
  app.route('/api', api(environment))
  app.get('/assets/:name', context => {
    const file = page.asset(context.req.param('name'))
    if (!file) return context.notFound()
    // The name changes with the content.
    const headers = { 'content-type': file.type, 'cache-control': 'private, max-age=31536000, immutable' }
    return context.body(file.text, 200, headers)
  })
  // Every other address is one of the page's own, which it shows when it has read it.
  app.get('*', context => context.html(page.html, 200, { 'cache-control': 'no-store' }))
  return app
}

function api(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  routes.use(async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
  })
  routes.route('/environment', environmentRoutes(environment))
  routes.route('/overview', overviewRoutes(environment))
  routes.route('/telemetry', telemetryRoutes(environment))
  routes.route('/alerts', alertRoutes(environment))
  routes.route('/failures', failureRoutes(environment))
  routes.route('/kafka', kafkaRoutes(environment))
  routes.route('/state', stateRoutes(environment))
  routes.route('/journey', journeyRoutes(environment))
  routes.route('/writing', writingRoutes(environment))
  routes.all('*', ({ req }) => {
    throw new ProblemError('not-found', `The console has no ${req.path}.`)
  })
  return routes
}
