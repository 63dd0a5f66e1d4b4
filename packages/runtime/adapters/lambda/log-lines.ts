/**
 * Log lines of the observer about unusual conditions. Programs recognise a line by its `kind`, which determines level and message.
 */
import type { Logger } from '@aws-lambda-powertools/logger'
import { LogRateLimit } from './log-rate-limit.ts'

interface Line {
  readonly level: 'warn' | 'error'
  readonly message: string
}

const warn = (message: string) => ({ level: 'warn', message }) as const
const error = (message: string) => ({ level: 'error', message }) as const

const LINES = {
  deferred: error('a partition waits: its records stay in Kafka'),
  retry: warn('a receiver did not accept records: they are offered again'),
  'records-failed': warn('records cannot be processed and become failure records'),
  'dead-letter': warn('sent to the dead letters'),
  'order-given-up': warn(
    'an entity was held for longer than its consumer allows: its parked events are processed, although one is still retried',
  ),
  'records-refused': error(
    'Kafka permanently refuses records, and failure records replace them: check the limits of its topics',
  ),
  'records-lost': error('offsets that were never processed are no longer in the log: their records are lost'),
  'range-read-back': error(
    'offsets that were never delivered, or that the store forgot, are read from the log',
  ),
  'failures-not-kept': warn(
    'records are read back whose earlier failures are no longer in the topics for failures: emissions of records that succeed now may be dropped',
  ),
  'no-applied-offset': warn(
    'the store has no state of partitions with old records: they are read from their beginning',
  ),
  'log-created-again': warn(
    'a topic of another application was deleted and created again: its partition is read from the start as a new log',
  ),
  'outbox-not-trimmed': warn(
    'entries are published, but the outbox was not trimmed: the next batch publishes them again',
  ),
  'failure-memory-nearly-full': warn(
    'the memory of failures is nearly full: check which producer sends records that fail',
  ),
  'failures-forgotten': error(
    'failures were forgotten to make room for newer ones: their records can no longer be redriven',
  ),
  'clock-gap': warn(
    'the log was silent for longer than its clock may advance in one step: check that the clock function runs',
  ),
  'timed-by-producers': error(
    'the timestamps of a topic come from its producers, so timers depend on their clocks. Set message.timestamp.type=' +
      'LogAppendTime on the topic; where it was replayed from another one, set LOG_TIME=carried on the consumer',
  ),
  'context-unreadable': error(
    'the stored context of a partition is from another version of the code: the packaged one is used until the next is set',
  ),
  misrouted: error(
    'records are in other partitions than those of their keys: check the partitioners of the producers',
  ),
  'breaker-open': error(
    'nearly all records fail unexpectedly: they stay in Kafka until the code changes, for 15 minutes at most',
  ),
  'spans-dropped': warn('spans are dropped: the records are processed without them'),
  'metrics-not-written': error('the metrics of an invocation cannot be written'),
} as const satisfies Readonly<Record<string, Line>>

export type LineKind = keyof typeof LINES

/** Writes log lines at a limited rate per kind, because the same condition can last for many batches. */
export class LogLines {
  readonly #logger: Logger
  readonly #rateLimit: LogRateLimit

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger
    this.#rateLimit = new LogRateLimit(undefined, now)
  }

  /**
   * Writes a line, unless the rate limit of its kind is reached.
   *
   * @param of subject of the line. Lines of the same kind with different subjects are limited separately.
   * @param text message of the line; by default, the message of its kind
   */
  write(kind: LineKind, of: string, details: Record<string, unknown>, text?: string): void {
    const unsaid = this.#rateLimit.due(`${kind}/${of}`)
    if (unsaid === undefined) return
    this.each(kind, { ...details, ...(unsaid > 0 ? { unsaid } : {}) }, text)
  }

  /** Writes a line without a rate limit, for lines that the caller limits. */
  each(kind: LineKind, details: Record<string, unknown>, text?: string): void {
    const { level, message } = LINES[kind]
    this.#logger[level](text ?? message, { kind, ...details })
  }
}
