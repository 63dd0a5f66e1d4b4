/** The console behind an HTTP API of API Gateway. */
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda'
import { readConfig } from '../lib/app/config.ts'
import { isUnreachable, secretOf } from '../lib/runtime/adapters/aws/clients.ts'
import { telemetryOf } from '../lib/runtime/adapters/lambda/telemetry.ts'
import { once } from '../lib/runtime/lambda/once.ts'
import { deployedAccess, type Holder } from './access/access.ts'
import { freshHolders, holdersIn } from './access/holders.ts'
import { consoleApp } from './app.ts'
import { built } from './built.ts'
import { ConsoleEnvironment } from './environment.ts'
import { pageFiles } from './page-files.ts'

/** How long a token may still be used after it was taken out of the secret. */
const TOKENS_FOR_MS = 60_000

type Answered = Awaited<ReturnType<ReturnType<typeof handle>>>

/** A handler that connects with its first request. */
export function httpApiConsole(): (event: LambdaEvent, context?: LambdaContext) => Promise<Answered> {
  const { logger } = telemetryOf('console')
  const told = (error: unknown) => logger.error('a fault of the console', error as Error)
  const start = once(async () => {
    if (!built) throw new Error('The console in a function is bundled: serverless package does that')
    const config = readConfig()
    const environment = new ConsoleEnvironment({
      config,
      functions: built.functions,
      isLocal: false,
      streams: false,
    })
    const holders = freshHolders(() => holdersOf(config.consoleSecret), {
      forMs: TOKENS_FOR_MS,
      isUnreachable,
      told: (error, reason) => logger.error(`the tokens of the console: ${reason}`, error as Error),
    })
    const page = pageFiles(built.page)
    return handle(consoleApp({ environment, page, access: deployedAccess(holders), told }))
  })
  return async (event, context) => {
    const answer = await start()
    return answer(event, context)
  }
}

async function holdersOf(secret: string | undefined): Promise<readonly Holder[]> {
  if (!secret) throw new Error('CONSOLE_SECRET must name the secret with the tokens of the console')
  return holdersIn(await secretOf(secret))
}
