/** The console: its page, its HTTP API, and its metrics. */
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import type { Access } from './access/access.ts'
import { FailedSignIns } from './access/failed-sign-ins.ts'
import {
  identifyCaller,
  rejectForeignRequests,
  requireMetricsToken,
  requireSignIn,
  setSecurityHeaders,
} from './access/guard.ts'
import { LIMITS, limitBodies, limitRequests, STRANGERS_LIMITS } from './access/limits.ts'
import { checkAdmission, createSignInRoutes } from './access/sign-in.ts'
import { declareApiRoutes } from './api/all-routes.ts'
import { MetricsReader } from './api/overview/metrics.ts'
import { OverviewReader } from './api/overview/overview.ts'
import type { ConsoleEnvironment } from './environment.ts'
import { addRoutes } from './http/declare-route.ts'
import type { ConsoleHono } from './http/person.ts'
import { ProblemError, sendProblem } from './http/problem.ts'
import type { PageFiles } from './page-files.ts'

export interface ConsoleParts {
  readonly environment: ConsoleEnvironment
  readonly page: PageFiles
  readonly access: Access
  /** Called with unexpected errors. */
  readonly reportError: (error: unknown) => void
  /** Receives failed sign-ins. */
  readonly reportFailedSignIn: (failed: { readonly route: string }) => void
}

export function createConsoleApp({
  environment,
  page,
  access,
  reportError,
  reportFailedSignIn,
}: ConsoleParts): Hono<ConsoleHono> {
  const failed = new FailedSignIns({ report: reportFailedSignIn })
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => sendProblem(context, error, reportError))
  app.use((context, next) => {
    context.set('reportError', reportError)
    return next()
  })
  app.use(setSecurityHeaders(), compress(), rejectForeignRequests(access))
  app.use('/sign-in', limitBodies(STRANGERS_LIMITS))
  app.route('/', createSignInRoutes(access, failed, page.styleAt))
  app.use('/api/*', requireSignIn(access, failed), limitRequests(LIMITS), limitBodies(LIMITS))
  const looks = new OverviewReader(environment)
  app.route('/api', createApi(environment, looks))
  const metrics = new MetricsReader(environment, looks)
  app.get('/metrics', requireMetricsToken(access, failed), limitRequests(LIMITS), async context => {
    const { text, contentType } = await metrics.read()
    return context.body(text, 200, { 'content-type': contentType, 'cache-control': 'no-store' })
  })
  // Assets are public, because the sign-in page needs the style sheet.
  app.get('/assets/:name', context => {
    const file = page.asset(context.req.param('name'))
    if (!file) return context.notFound()
    // Browsers can cache assets forever, because their names contain a hash of the content.
    const headers = { 'content-type': file.type, 'cache-control': 'private, max-age=31536000, immutable' }
    return context.body(file.text, 200, headers)
  })
  // All other paths return the page, whose router evaluates the path in the browser.
  app.get('*', async context => {
    const isSignedIn = await identifyCaller(context, access, failed)
    const answer = await checkAdmission(context, access, { isSignedIn, failed, styleAt: page.styleAt })
    return answer ?? context.html(page.html, 200, { 'cache-control': 'no-store' })
  })
  return app
}

function createApi(environment: ConsoleEnvironment, looks: OverviewReader): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  routes.use(async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
  })
  addRoutes(routes, declareApiRoutes(environment, looks))
  routes.all('*', ({ req }) => {
    throw new ProblemError('not-found', `${req.path} does not exist.`)
  })
  return routes
}
