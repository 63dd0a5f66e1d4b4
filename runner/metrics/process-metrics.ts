import process from 'node:process'
import type { Metrics } from './metrics.ts'

/** Returns a function that brings the metrics of this process up to date, under the names that Prometheus's own clients use. */
export function processMetrics(metrics: Metrics): () => void {
  let countedSeconds = 0
  metrics.set(
    'process_start_time_seconds',
    'When the process started, in seconds since 1970.',
    {},
    Math.round(Date.now() / 1_000 - process.uptime()),
  )
  return () => {
    const { user, system } = process.cpuUsage()
    const seconds = (user + system) / 1_000_000
    metrics.count('process_cpu_seconds_total', 'Processor time, in seconds.', {}, seconds - countedSeconds)
    countedSeconds = seconds
    metrics.set('process_resident_memory_bytes', 'Memory, in bytes.', {}, process.memoryUsage.rss())
  }
}
