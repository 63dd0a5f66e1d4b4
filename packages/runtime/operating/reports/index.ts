/** How functions name their metrics and limit their logs, for alarms and the local start. Loads no client. */
export { LogRateLimit } from '../../adapters/lambda/log-rate-limit.ts'
export { DIMENSIONS, type MetricName, toNamespace } from '../../adapters/lambda/metric-names.ts'
