import type { Report, ServiceEvent } from '#local-servers/report'
import { durationText } from '../lib/support/duration.ts'

/** Servers of the local stack. The schema registry is optional. */
export const SERVICE_NAMES = ['kafka', 'valkey', 'aws', 'registry'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

/** Server that is started, stopped and reported separately. If there are several brokers, they are numbered. */
export type ServerName = ServiceName | `kafka-${number}`

/** Formats an event as one line, without a line break. */
export function formatEvent({ service, state, detail, ms }: ServiceEvent): string {
  const took = ms < 100 ? '' : ` (${durationText(ms)})`
  return `${service.padEnd('functions'.length)} ${state.padEnd(10)} ${detail}${took}`
}

/** Prints each event as a line. */
export function plainReport(): Report {
  return event => console.log(formatEvent(event))
}
