import { durationText } from '../lib/support/duration.ts'

/** Servers of the local stack. The schema registry is optional. */
export const SERVICE_NAMES = ['kafka', 'valkey', 'aws', 'registry'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** Server that is started, stopped and reported separately. If there are several brokers, they are numbered. */
export type ServerName = ServiceName | `kafka-${number}`

/**
 * State of a server. `installing` is reported repeatedly, every few seconds. `used` means that the server was already running; it
 * is not stopped at the end.
 */
export type ServiceState = 'installing' | 'installed' | 'starting' | 'ready' | 'used' | 'stopping' | 'stopped'

/** Subject of an event: a server, or the functions, which use the servers. */
export type ReportedName = ServerName | 'functions'

export interface ServiceEvent {
  readonly service: ReportedName
  readonly state: ServiceState
  /** Details for the user, such as a version, an address or a reason. */
  readonly detail: string
  /** Duration of the state, in milliseconds. */
  readonly ms: number
}

export type Report = (event: ServiceEvent) => void

/** Formats an event as one line, without a line break. */
export function formatEvent({ service, state, detail, ms }: ServiceEvent): string {
  const took = ms < 100 ? '' : ` (${durationText(ms)})`
  return `${service.padEnd('functions'.length)} ${state.padEnd(10)} ${detail}${took}`
}

/** Prints each event as a line. */
export function plainReport(write: (line: string) => void = console.log): Report {
  return event => write(formatEvent(event))
}
