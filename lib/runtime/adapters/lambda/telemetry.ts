import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics } from '@aws-lambda-powertools/metrics'
import { namespaceOf } from './metric-names.ts'

/** Logger and metrics of one function of an application. Both write to standard output only, as Lambda wants it. */
export function telemetryOf(serviceName: string, application: string): { logger: Logger; metrics: Metrics } {
  const namespace = namespaceOf(application)
  return { logger: new Logger({ serviceName }), metrics: new Metrics({ namespace, serviceName }) }
}

/** Puts the environment into the dimensions of every metric that is written from now on. */
export function inEnvironment(metrics: Metrics, environment: string): void {
  metrics.setDefaultDimensions({ environment })
}

/** Puts the invocation into every line. Whatever the environment says, not the event: Powertools would write whole batches. */
export function logsContext(logger: Logger) {
  return injectLambdaContext(logger, { logEvent: false })
}
