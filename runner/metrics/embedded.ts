/**
 * Parses the lines in which functions write metrics for CloudWatch, and converts them to metrics for Prometheus. Pure.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import { SCHEDULED_METRICS } from '../../lib/app/metrics.ts'
import { jsonIn } from '../../lib/json.ts'
import type { Labels } from './metrics.ts'

/** A metric in a log line. */
export interface Measured {
  /** Name for Prometheus, such as `sluice_applied_total` or `sluice_lag_seconds`. */
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** Name of the metric in the log line. */
  readonly of: string
  readonly labels: Labels
  /** Values. Durations are in seconds. */
  readonly values: readonly number[]
}

/** Prefix of metric lines. Other lines are not parsed. */
const BEGINNING = '{"_aws":'

interface Directive {
  readonly Dimensions?: readonly (readonly string[])[]
  readonly Metrics?: readonly { readonly Name: string; readonly Unit?: string }[]
}

/** Returns the metrics of a line; undefined for any other line. */
export function measuredIn(line: string): Measured[] | undefined {
  if (!line.startsWith(BEGINNING)) return undefined
  const document = jsonIn(line) as Readonly<Record<string, unknown>> | undefined
  const directives = (document?._aws as { CloudWatchMetrics?: readonly Directive[] })?.CloudWatchMetrics
  if (!document || !Array.isArray(directives)) return undefined
  return directives.flatMap(({ Dimensions = [], Metrics = [] }: Directive) => {
    const labels = labelsIn(document, Dimensions)
    return Metrics.map(metric => measured(metric.Name, metric.Unit, labels, document[metric.Name]))
  })
}

function measured(of: string, unit: string | undefined, labels: Labels, value: unknown): Measured {
  const values = [value].flat().map(Number).filter(Number.isFinite)
  const name = `sluice_${snakeCase(of)}`
  if (unit === 'Milliseconds') {
    const seconds = values.map(ms => ms / 1_000)
    return { of, name: name.replace(/_ms$/, '_seconds'), kind: 'histogram', labels, values: seconds }
  }
  // Counts of scheduled functions are current values, not increments.
  return unit === 'Count' && !Object.hasOwn(SCHEDULED_METRICS, of)
    ? { of, name: `${name}_total`, kind: 'counter', labels, values }
    : { of, name, kind: 'gauge', labels, values }
}

/**
 * Returns the labels of the largest dimension set. Smaller sets are ignored, because their values are sums over the largest set.
 */
function labelsIn(document: Readonly<Record<string, unknown>>, sets: readonly (readonly string[])[]): Labels {
  const names = sets.reduce((largest, names) => (names.length > largest.length ? names : largest), [])
  return Object.fromEntries(
    names.map(name => [name === 'service' ? 'function' : snakeCase(name), String(document[name] ?? '')]),
  )
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/\W/g, '_')
    .toLowerCase()
}
