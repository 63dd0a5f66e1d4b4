import { application, derivedId, type Event } from '@sluice/runtime'
import * as v from 'valibot'

export const LOG_LINE = 'com.example.log.line'

/** The data of a log line. Its event's source is the service, such as `/services/checkout`, which is also the record's key. */
const LogLine = v.object({ level: v.picklist(['debug', 'info', 'warn', 'error']), message: v.string() })
export type LogLine = v.InferOutput<typeof LogLine>
export type Level = LogLine['level']

/** Topics have the names `logs.<name>.<env>` in Kafka. */
export const logging = application({
  name: 'logs',
  prefix: 'logs',
  topics: {
    lines: { keptDays: 3, isTicked: true },
    summaries: { keptDays: 30 },
  },
  events: { [LOG_LINE]: LogLine },
  read: ({ value }) => shippedLine(value),
})

/**
 * A line as Fluent Bit, Vector and others ship it, which is not a CloudEvent: `{"time", "service", "host", "level", "message"}`. Its id
 * is derived from its bytes, so a line that was shipped twice counts once; so do two lines that are the same in every byte.
 */
function shippedLine(value: Buffer | null): Event | undefined {
  const { time, service, host, level, message } = parsed(value)
  if (typeof service !== 'string' || !service.isWellFormed()) return undefined
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined
  return {
    id: derivedId(String(value)),
    source: `/services/${encodeURIComponent(service)}`,
    type: LOG_LINE,
    time: new Date(time).toISOString(),
    data: { level, message },
    ...(typeof host === 'string' ? { extensions: { host } } : {}),
  }
}

/** The members of a JSON object; none if it is something else. */
function parsed(value: Buffer | null): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(String(value)) }
  } catch {
    return {}
  }
}
