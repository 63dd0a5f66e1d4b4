import type { Report } from '../report.ts'

/** Where a server is to be found: on a port of this machine, to be started there, or running at an address. */
export type Place = { readonly port: number } | { readonly address: string }

/** `further`: the ports of the other brokers, where there is to be more than one. */
export type KafkaPlace = Place | { readonly port: number; readonly further: readonly number[] }

/** The port of each broker that is to be started; none where Kafka runs already. */
export function brokerPorts(place: KafkaPlace): number[] {
  if ('address' in place) return []
  return 'further' in place ? [place.port, ...place.further] : [place.port]
}

export interface ServicesOptions {
  readonly kafka: KafkaPlace
  readonly valkey: Place
  readonly aws: Place
  /** Where the servers keep their data. */
  readonly dataDir?: string
  readonly logsDir?: string
  /** Start from empty data. */
  readonly fresh?: boolean
  /** Use the containers of `docker-compose.yml`; data and logs are then Docker's. */
  readonly docker?: boolean
  /** The stack that the servers belong to: containers of two stacks must not have one name. */
  readonly stack?: string
  /** Start a server again that ended by itself. */
  readonly revive?: boolean
  readonly kafkaVersion?: string
  readonly report?: Report
  /** Aborting it while the servers start stops them all; the start then throws the signal's reason. */
  readonly signal?: AbortSignal
}
