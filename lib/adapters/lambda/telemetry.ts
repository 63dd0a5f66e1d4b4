import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics } from '@aws-lambda-powertools/metrics'

/** Logger and metrics of one function. Both write to standard output only, as Lambda wants it. */
export function telemetryOf(serviceName: string): { logger: Logger; metrics: Metrics } {
  return { logger: new Logger({ serviceName }), metrics: new Metrics({ namespace: 'Sluice', serviceName }) }
}
