import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics } from '@aws-lambda-powertools/metrics'

/** Logger and metrics of one function. Both write to standard output only, as Lambda wants it. */
export function telemetryOf(serviceName: string): { logger: Logger; metrics: Metrics } {
  return { logger: new Logger({ serviceName }), metrics: new Metrics({ namespace: 'Sluice', serviceName }) }
}

/** Puts the invocation into every line. Whatever the environment says, not the event: Powertools would write whole batches. */
export function logsContext(logger: Logger) {
  return injectLambdaContext(logger, { logEvent: false })
}
