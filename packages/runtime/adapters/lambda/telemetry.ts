import { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics } from '@aws-lambda-powertools/metrics'
import type { Ports } from '../../pipeline/ports.ts'
import { type TimedStep, toNamespace } from './metric-names.ts'
import type { LambdaObserver } from './observer.ts'

/** Creates the logger and the metrics of a function. Both write only to standard output, as Lambda requires. */
export function createTelemetry(
  serviceName: string,
  application: string,
): { logger: Logger; metrics: Metrics } {
  const namespace = toNamespace(application)
  return { logger: new Logger({ serviceName }), metrics: new Metrics({ namespace, serviceName }) }
}

/** Adds the environment to the dimensions of all metrics that are written from now on. */
export function inEnvironment(metrics: Metrics, environment: string): void {
  metrics.setDefaultDimensions({ environment })
}

/**
 * Adds invocation details to every line. The event is never logged, regardless of environment variables:
 * Powertools would write whole batches.
 */
export function logsContext(logger: Logger) {
  return injectLambdaContext(logger, { logEvent: false })
}

/** Begins the reports of an invocation, and writes its metrics at the end, even if the invocation has failed. */
export function reportInvocation(observer: LambdaObserver) {
  return {
    before: () => observer.begin(),
    after: () => observer.flush(),
    onError: () => observer.flush(),
  }
}

/** Wraps the ports so that the duration of each call to Redis or Kafka is reported, whether the call succeeded or not. */
export function measurePorts(ports: Ports, recordDuration: (step: TimedStep, ms: number) => void): Ports {
  const time = <T>(step: TimedStep, call: () => Promise<T>): Promise<T> => {
    const sinceMs = Date.now()
    const record = () => recordDuration(step, Date.now() - sinceMs)
    const result = call()
    result.then(record, record)
    return result
  }
  const { store, publisher, log } = ports
  return {
    ...ports,
    store: {
      load: (stateKey, wanted) => time('load', () => store.load(stateKey, wanted)),
      commit: (stateKey, change) => time('commit', () => store.commit(stateKey, change)),
      trimOutbox: (stateKey, positions) => time('trimOutbox', () => store.trimOutbox(stateKey, positions)),
    },
    publisher: { publish: records => time('publish', () => publisher.publish(records)) },
    log: {
      read: (...range) => time('read', () => log.read(...range)),
      identity: async topic => log.identity?.(topic),
      leave: (topic, partition) => log.leave?.(topic, partition),
    },
  }
}
