import type { Report } from '../report.ts'

/** Where a server is: to be started on a local port, or already running at an address. */
export type ServerPlace = { readonly port: number } | { readonly address: string }

/** `further` has the ports of the other brokers, if there are several. */
export type KafkaPlace = ServerPlace | { readonly port: number; readonly further: readonly number[] }

/** Returns the ports of the servers to start; empty if one already runs, or the server is not needed. */
export function portsAt(place: KafkaPlace | undefined): number[] {
  if (!place || 'address' in place) return []
  return 'further' in place ? [place.port, ...place.further] : [place.port]
}

export interface ServicesOptions {
  readonly kafka: KafkaPlace
  readonly valkey: ServerPlace
  readonly aws: ServerPlace
  /** Missing without a schema registry. */
  readonly registry?: ServerPlace
  /** The folder of the servers' data. */
  readonly dataDir?: string
  readonly logsDir?: string
  /** Start from empty data. */
  readonly fresh?: boolean
  /** Use the containers of `docker-compose.yml`. Docker then keeps data and logs. */
  readonly docker?: boolean
  /** The stack that the servers belong to. It keeps the container names of two stacks apart. */
  readonly stack?: string
  /** Restart a server that ends by itself. */
  readonly revive?: boolean
  readonly kafkaVersion?: string
  readonly report?: Report
  /** Aborting it during the start stops all servers. The start then throws the signal's reason. */
  readonly signal?: AbortSignal
}
