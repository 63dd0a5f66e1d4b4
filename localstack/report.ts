import { durationText } from '../lib/duration.ts'

/** The servers of the local cloud. The schema registry runs only if it is asked for. */
export const SERVICE_NAMES = ['kafka', 'valkey', 'aws', 'registry'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** A server that is started, stopped and reported separately. With several brokers, each has a number. */
export type ServerName = ServiceName | `kafka-${number}`

/**
 * The state of a server. `installing` is repeated every few seconds while it lasts. `used` means a server that was
 * already running and is not stopped at the end.
 */
export type ServiceState = 'installing' | 'installed' | 'starting' | 'ready' | 'used' | 'stopping' | 'stopped'

/** The subject of an event: a server, or the functions and the console, which use the servers. */
export type ReportedName = ServerName | 'functions' | 'console'

export interface ServiceEvent {
  readonly service: ReportedName
  readonly state: ServiceState
  /** One phrase for the user: a version, an address, a reason. */
  readonly detail: string
  /** How long the state has lasted, or took, in milliseconds. */
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
