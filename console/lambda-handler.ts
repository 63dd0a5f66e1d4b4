/** The console behind an HTTP API of API Gateway. */
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda'
import { isUnreachable, readSecret } from '#runtime/adapters/aws/secrets-and-parameters.ts'
import { createTelemetry, inEnvironment } from '#runtime/adapters/lambda/telemetry.ts'
import { once } from '#runtime/lambda/once.ts'
import { readConfig } from '../lib/app/config.ts'
import { CONSOLE_METRICS } from '../lib/app/metrics.ts'
import { NAME } from '../lib/app/name.ts'
import { createDeployedAccess, type Holder, SIGN_OUTS_FOR_MS } from './access/access.ts'
import { cacheHolders, parseHolders } from './access/holders.ts'
import { type EndedSessions, type SessionEnds, SignOuts } from './access/sign-outs.ts'
import { createConsoleApp } from './app.ts'
import { type BundleContents, bundleContents } from './bundle-contents.ts'
import { ConsoleEnvironment } from './environment.ts'
import { buildPageFiles } from './page-files.ts'

/** Maximum time for which a token is accepted after it has been removed from the secret, in milliseconds. */
const TOKENS_FOR_MS = 60_000

type HandlerResult = Awaited<ReturnType<ReturnType<typeof handle>>>

/**
 * Returns the Lambda handler of the console. It connects to Kafka and Redis on its first request.
 *
 * @param content contents of the bundle
 * @param read reads a secret by its name
 */
export function createConsoleHandler(
  content: BundleContents | undefined = bundleContents,
  read: typeof readSecret = readSecret,
): (event: LambdaEvent, context?: LambdaContext) => Promise<HandlerResult> {
  const { logger, metrics } = createTelemetry('console', NAME)
  const reportError = (error: unknown) => logger.error('a fault of the console', error as Error)
  const count = (name: keyof typeof CONSOLE_METRICS) => {
    metrics.addMetric(name, CONSOLE_METRICS[name], 1)
    metrics.publishStoredMetrics()
  }
  const start = once(async () => {
    if (!content) throw new Error('The console is not bundled. Build the function with serverless package')
    const config = readConfig()
    inEnvironment(metrics, config.env)
    const environment = new ConsoleEnvironment({ config, functions: content.functions, isLocal: false })
    const holders = cacheHolders(() => readHolders(config.consoleSecret, read), {
      forMs: TOKENS_FOR_MS,
      isUnreachable,
      reportError: (error, reason) => {
        logger.error(`the tokens of the console: ${reason}`, error as Error)
        count('tokens-unreadable')
      },
    })
    const { connections } = environment
    const openSignOuts = async (): Promise<EndedSessions> => {
      const ended = await connections.value<SessionEnds>(`console-sign-outs:${config.env}`)
      return { read: () => ended.read(), update: change => connections.writing(() => ended.update(change)) }
    }
    const signOuts = new SignOuts(openSignOuts, {
      forMs: SIGN_OUTS_FOR_MS,
      reportError: error => logger.warn('sign-outs of other instances cannot be read', error as Error),
    })
    const app = createConsoleApp({
      environment,
      page: buildPageFiles(content.page),
      access: createDeployedAccess(holders, signOuts),
      reportError,
      reportFailedSignIn: failed => {
        logger.warn('a sign-in has failed', failed)
        count('sign-in-failed')
      },
      logRequest: line => logger.info('asked', { ...line }),
    })
    return handle(app)
  })
  return async (event, context) => {
    const respond = await start()
    return respond(event, context)
  }
}

async function readHolders(secret: string | undefined, read: typeof readSecret): Promise<readonly Holder[]> {
  if (!secret) throw new Error('CONSOLE_SECRET must be the name of the secret with the tokens of the console')
  return parseHolders(await read(secret))
}
