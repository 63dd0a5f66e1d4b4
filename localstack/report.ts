/** The servers of the local cloud. */
export const SERVICE_NAMES = ['kafka', 'valkey', 'aws'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** What is started, stopped and told of by itself: where there are several brokers, each of them by its number. */
export type ServerName = ServiceName | `kafka-${number}`

/**
 * What becomes of a server. `installing` comes again every few seconds while it lasts; `used` is one that was
 * running already and is left alone at the end.
 */
export type ServiceState = 'installing' | 'installed' | 'starting' | 'ready' | 'used' | 'stopping' | 'stopped'

export interface ServiceEvent {
  readonly service: ServerName
  readonly state: ServiceState
  /** One phrase for a person: a version, an address, a reason. */
  readonly detail: string
  /** How long the state has lasted, or took, in milliseconds. */
  readonly ms: number
}

export type Report = (event: ServiceEvent) => void

/** What lines tell of: the servers, and what runs on them. */
type Told = Omit<ServiceEvent, 'service'> & { readonly service: ServerName | 'functions' }

/** One line for an event, without a line break. */
export function formatEvent({ service, state, detail, ms }: Told): string {
  const took = ms < 100 ? '' : ` (${(ms / 1000).toFixed(1)} s)`
  return `${service.padEnd('functions'.length)} ${state.padEnd(10)} ${detail}${took}`
}

/** Prints each event as a line of its own. */
export function plainReport(write: (line: string) => void = console.log): Report {
  return event => write(formatEvent(event))
}
