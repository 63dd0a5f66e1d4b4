/** Location of a server: a local port to start it on, or the address of an existing one. */
export type ServerPlace = { readonly port: number } | { readonly address: string }

/** Location of Kafka. `further` contains the ports of additional brokers. */
export type KafkaPlace = ServerPlace | { readonly port: number; readonly further: readonly number[] }

/** Returns the ports of the servers to start; empty if the server already exists or is not needed. */
export function portsAt(place: KafkaPlace | undefined): number[] {
  if (!place || 'address' in place) return []
  return 'further' in place ? [place.port, ...place.further] : [place.port]
}
