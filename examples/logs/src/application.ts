import {
  type Application,
  derivedId,
  type Event,
  type EventData,
  type Failure,
  failure,
} from '@sluice/runtime'

export const LOG_LINE = 'com.example.log.line'
const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** The data of a log line. Its event's source is the service, such as `/services/checkout`, which is also the record's key. */
export interface LogLine {
  readonly level: Level
  readonly message: string
}

const MiB = 1024 * 1024

const TOPICS = {
  lines: { partitions: 3, keptDays: 3, maxMessageBytes: MiB, isTicked: true },
  summaries: { partitions: 3, keptDays: 30, maxMessageBytes: MiB },
  failures: { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB },
}

declare module '@sluice/runtime' {
  interface Declared {
    readonly topic: keyof typeof TOPICS
  }
}

export const logging: Application = {
  topics: TOPICS,
  kafkaTopic: (name, env) => `logs.${name}.${env}`,
  topicNamed,
  failuresTopic: 'failures',
  deadLettersTopic: 'failures',
  failureEvent: {
    type: 'com.example.log.failure',
    dataschema: 'https://logs.example/schemas/failure.json',
  },
  tickType: 'com.example.log.tick',
  ignoredTypes: new Map(),
  readForeign: ({ value }) => shippedLine(value),
  readData,
}

/** The settings of `logs.<name>.<env>`. */
function topicNamed(kafkaTopic: string) {
  const [org, name = ''] = kafkaTopic.split('.')
  return org === 'logs' && Object.hasOwn(TOPICS, name) ? TOPICS[name as keyof typeof TOPICS] : undefined
}

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

/** Checks the data of a line. Ticks and other types pass. */
function readData({ type, data }: Event): EventData | Failure {
  if (type !== LOG_LINE) return { kind: 'data', data }
  const { level, message } = (data ?? {}) as Partial<Record<keyof LogLine, unknown>>
  if (!LEVELS.some(one => one === level))
    return failure('schema-violated', `level must be one of ${LEVELS.join(', ')}`)
  if (typeof message !== 'string') return failure('schema-violated', 'message must be a string')
  return { kind: 'data', data }
}
