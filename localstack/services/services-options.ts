import type { Report } from '../service-report.ts'

/** Location of a server: a local port to start it on, or the address of an existing one. */
export type ServerPlace = { readonly port: number } | { readonly address: string }

/** Location of Kafka. `further` contains the ports of additional brokers. */
export type KafkaPlace = ServerPlace | { readonly port: number; readonly further: readonly number[] }

/** Returns the ports of the servers to start; empty if the server already exists or is not needed. */
export function portsAt(place: KafkaPlace | undefined): number[] {
  if (!place || 'address' in place) return []
  return 'further' in place ? [place.port, ...place.further] : [place.port]
}

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
  /** True to use the containers of `docker-compose.yml`. Docker then stores data and logs. */
  readonly docker?: boolean
  /** Name of the stack, which makes container names unique. */
  readonly stack?: string
  readonly kafkaVersion?: string
  readonly report?: Report
  /** Signal that stops all servers if it is aborted during the start. The start then throws the signal's reason. */
  readonly signal?: AbortSignal
}
