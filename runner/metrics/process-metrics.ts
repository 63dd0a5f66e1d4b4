import process from 'node:process'
import type { Metrics } from './metrics.ts'

/** Returns a function that updates the metrics of this process, with the standard names of Prometheus clients. */
export function processMetrics(metrics: Metrics): () => void {
  let countedSeconds = 0
  metrics.set(
    'process_start_time_seconds',
    'Start time of the process, in seconds since 1970.',
    {},
    Math.round(Date.now() / 1_000 - process.uptime()),
  )
  return () => {
    const { user, system } = process.cpuUsage()
    const seconds = (user + system) / 1_000_000
    metrics.count('process_cpu_seconds_total', 'CPU time, in seconds.', {}, seconds - countedSeconds)
    countedSeconds = seconds
    metrics.set('process_resident_memory_bytes', 'Resident memory, in bytes.', {}, process.memoryUsage.rss())
  }
}
