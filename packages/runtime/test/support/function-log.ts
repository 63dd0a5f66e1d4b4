/** Captures what a function logs during a test. */
import { mock } from 'node:test'
import { LambdaObserver } from '../../adapters/lambda/observer.ts'
import { createTelemetry, inEnvironment } from '../../adapters/lambda/telemetry.ts'

// Makes Powertools write to the global console, whose lines tests can capture.
process.env.POWERTOOLS_DEV = 'true'
process.env.POWERTOOLS_METRICS_DISABLED = 'false'

export type LogLine = Record<string, unknown>

interface LogOptions {
  readonly level?: 'DEBUG' | 'INFO' | 'WARN'
  readonly now?: () => number
  readonly environment?: string
  readonly remedies?: Readonly<Record<string, string>>
}

/** Returns the log lines of one invocation. Lines with `_aws` are metrics. */
export async function captureLog(
  work: (observer: LambdaObserver) => void | Promise<void>,
  { level = 'INFO', now = Date.now, environment, remedies }: LogOptions = {},
): Promise<LogLine[]> {
  process.env.LOG_LEVEL = level
  const lines: string[] = []
  const { logger, metrics } = createTelemetry('tested', 'sluice')
  if (environment) inEnvironment(metrics, environment)
  for (const method of ['log', 'debug', 'info', 'warn', 'error'] as const)
    mock.method(console, method, (line: string) => void lines.push(line))
  try {
    const observer = new LambdaObserver(logger, metrics, now, remedies)
    observer.begin()
    await work(observer)
    observer.flush()
  } finally {
    mock.restoreAll()
  }
  return lines.map(line => JSON.parse(line))
}

/** Returns the metrics that a handler writes during a call, by name or, if they have a reason, by name and reason. */
export async function readMetrics(
  call: () => Promise<unknown>,
  namespace?: string,
): Promise<Map<string, Metric>> {
  const lines: string[] = []
  for (const method of ['log', 'debug', 'info', 'warn', 'error'] as const)
    mock.method(console, method, (line: string) => void lines.push(line))
  try {
    await call()
  } finally {
    mock.restoreAll()
  }
  return listMetrics(
    lines.map(line => JSON.parse(line)),
    namespace,
  )
}

/** Metric in the form in which CloudWatch extracts it from a line. */
interface Metric {
  readonly unit: string
  readonly values: readonly number[]
  /** Sets of dimensions, each as a sorted text such as `service=tested reason=counted`. */
  readonly dimensions: readonly string[]
}

/**
 * Returns the metrics that CloudWatch extracts, by name or, if they have a reason, by name and reason. Throws if CloudWatch would
 * reject a line.
 */
export function listMetrics(log: readonly LogLine[], namespace = 'Sluice'): Map<string, Metric> {
  const found = new Map<string, Metric>()
  for (const line of log.filter(line => '_aws' in line)) {
    const { CloudWatchMetrics } = line._aws as { CloudWatchMetrics: readonly Directive[] }
    for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
      if (Namespace !== namespace) throw new Error(`namespace ${Namespace}`)
      const dimensions = Dimensions.map(names => names.map(name => `${name}=${line[name]}`).join(' '))
      for (const { Name, Unit } of Metrics) {
        const values = [line[Name]].flat() as number[]
        if (values.length > 100 || !values.every(Number.isFinite)) throw new Error(`${Name}: ${values}`)
        const name = line.reason === undefined ? Name : `${Name} ${line.reason}`
        if (found.has(name)) throw new Error(`${name} is there twice`)
        found.set(name, { unit: Unit, values, dimensions })
      }
    }
  }
  return found
}

interface Directive {
  readonly Namespace: string
  readonly Dimensions: readonly (readonly string[])[]
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
}
