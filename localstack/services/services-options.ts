import type { Report } from '#local-servers/report'
import type { KafkaPlace, ServerPlace } from '#local-servers/server-place'

export interface ServicesOptions {
  readonly kafka: KafkaPlace
  readonly valkey: ServerPlace
  readonly aws: ServerPlace
  /** Location of the schema registry; absent without a registry. */
  readonly registry?: ServerPlace
  /** Folder for the servers' data. */
  readonly dataDir?: string
  readonly logsDir?: string
  /** True to start with empty data. */
  readonly fresh?: boolean
  readonly kafkaVersion?: string
  readonly report?: Report
  /** Signal that stops all servers if it is aborted during the start. The start then throws the signal's reason. */
  readonly signal?: AbortSignal
}
