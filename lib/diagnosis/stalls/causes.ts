/** Creates the causes of stalls, with their texts for the user. Pure. */
import { durationText } from '../../duration.ts'
import type { Cause } from './stalls.ts'
import { recordsOf } from './words.ts'

const STACK_FRAME = /^\s+at /
const MAX_LINE_LENGTH = 200
const RETRIED = 'It is retried.'

/**
 * Returns the cause for an unavailable server. All stalls due to this server have the same cause.
 *
 * @param reason error of the last attempt to reach the server
 */
export function away(server: 'Kafka' | 'Redis', reason: string): Cause {
  return {
    id: server.toLowerCase(),
    server,
    reason: shown(reason),
    advice: 'Check that it is running. Everything continues when it answers.',
  }
}

/** Returns the cause for a server that does not answer requests of `npm start` itself. */
export function serverAway(server: 'Kafka' | 'Redis', message: string, brokers: string): Cause {
  return away(server, server === 'Redis' ? message : `Kafka does not answer at ${brokers}`)
}

/** Matches the error messages about a secret, a parameter, a bucket or an SNS topic that cannot be used. */
const AWS_RESOURCE = /^(secret|parameter) \S+ cannot be read: |^The bucket "[^"]+" |^arn:aws:sns:\S+: /

/**
 * Recognises the error messages about AWS resources and of `Unavailable`, and returns the cause for the server. Functions throw
 * `Unavailable` if they cannot reach a server on start, and scheduled functions throw it in every run.
 */
function serverNamedIn(reason: string): Cause | undefined {
  if (AWS_RESOURCE.test(reason))
    return {
      id: 'aws',
      server: 'AWS',
      reason,
      advice: `Restart npm start: it creates what is missing. ${RETRIED}`,
    }
  // A scheduled function names its failed parts before the reason.
  const [redis] = /\bRedis at \S+ does not answer.*/s.exec(reason) ?? []
  if (redis !== undefined) return away('Redis', redis)
  return /\bKafka (did not take it|does not say|does not answer)/.test(reason)
    ? away('Kafka', reason)
    : undefined
}

/** Returns the cause for records that a function reports as failed, until the function's log contains a specific reason. */
export function reportedFailures(name: string): Cause {
  return {
    id: `reported/${name}`,
    reason: 'it reports records as failed (batchItemFailures)',
    advice: `Check its log (.local/logs/functions/${name}.log)`,
  }
}

/** Advice by reason, for deferred partitions. The function's log line already describes the problem. */
const DEFERRED: Readonly<Record<string, string>> = {
  'state-evicted': 'See docs/guarantees.md for the remedy.',
  'state-newer-than-code': 'It continues after you deploy the code that stored the state.',
  'state-not-migrated':
    'It continues after you deploy a migrate function that can read the state, or the previous version of the code.',
  'parking-without-ticks': 'See docs/consumers.md, "Order behind a retry".',
}

/** Returns the cause for a deferred partition, derived from the function's log line. */
export function deferredCause(name: string, details: Readonly<Record<string, unknown>>): Cause {
  const { error, place } = details
  const code = String(details.reason)
  const why = [error, ...[place].flat().slice(0, 1)].filter(part => typeof part === 'string').join(' ')
  const reason = shown(why || code)
  const id = `${code}/${name}`
  const server = serverNamedIn(reason)
  if (server) return server
  switch (code) {
    case 'store-unavailable':
      return away('Redis', reason)
    case 'broker-unavailable':
      return away('Kafka', reason)
    case 'breaker-open':
      return {
        id,
        reason: `nearly all of its records fail unexpectedly${why ? ` (${why})` : ''}, so they stay in Kafka`,
        advice:
          'Fix its code: another version is tried at once. After 15 minutes, records that fail become failures.',
      }
    case 'another-log':
      return {
        id,
        reason: 'the log is not the one that its state was built from',
        advice:
          'If the topic was deleted, see docs/guarantees.md, or start with empty data: npm start -- --fresh.',
      }
    case 'receiver-unavailable':
      return {
        id,
        reason: `its receiver does not accept deliveries${why ? `: ${reason}` : ''}`,
        advice: RETRIED,
      }
    case 'out-of-time':
      return {
        id,
        reason: 'its batches do not fit into its timeout',
        advice: 'Make it faster, or raise its timeout or lower its batchSize in serverless.yml.',
      }
    default: {
      const advice = Object.hasOwn(DEFERRED, code) ? DEFERRED[code] : undefined
      return advice === undefined
        ? { id: `deferred/${name}/${alike(reason)}`, reason, advice: RETRIED }
        : { id, reason, advice }
    }
  }
}

/** Stall reported by the Kafka trigger. */
export interface ReportedStall {
  readonly function: string
  readonly topic: string
  readonly obstacle: 'reading' | 'invocation' | 'commit' | 'registry' | 'destination'
  readonly kind: string
  readonly reason: string
}

/** Facts that the trigger's report does not contain. */
export interface CauseFacts {
  readonly brokers: string
  /** Timeout of the function in milliseconds, if known from its event source mapping. */
  readonly timeoutMs?: number
}

/** Matches the error of a broker that was available before and now refuses connections. */
const NOBODY_THERE = /\bECONNREFUSED\b/
/** Matches errors of a handler that ended its process or ran out of memory. Does not match a handler that throws an error. */
const ENDED = /the handler (ended|did not answer)/

/** Reason and advice, by the step that fails. */
const OBSTACLES: Readonly<Record<ReportedStall['obstacle'], (reason: string) => Omit<Cause, 'id'>>> = {
  reading: reason => ({
    reason: `it cannot read: ${reason.replace(/^not reading: /, '')}`,
    advice: RETRIED,
  }),
  invocation: broken,
  commit: reason => ({ reason: `its offsets cannot be committed: ${reason}`, advice: RETRIED }),
  registry: reason => ({ reason, advice: `Check that the schema registry is running. ${RETRIED}` }),
  destination: reason => ({
    reason: `discarded records are ${reason}`,
    advice: `Check that the destination exists. ${RETRIED}`,
  }),
}

/** Returns the cause of a stall that the trigger reports. Returns undefined if only the function's log contains the cause. */
export function reportedCause(stall: ReportedStall, { brokers, timeoutMs }: CauseFacts): Cause | undefined {
  const { function: name, obstacle, kind, topic } = stall
  if (kind === 'reported') return undefined
  const reason = shown(stall.reason)
  if (kind === 'unreachable') return serverAway('Kafka', reason, brokers)
  if (kind === 'no-topic')
    return {
      id: `no-topic/${topic}`,
      reason: `the topic ${topic} does not exist`,
      advice: 'Create it. The function then finds it.',
    }
  if (kind === 'timeout') {
    const timeout = timeoutMs === undefined ? 'its timeout' : `its timeout of ${durationText(timeoutMs)}`
    return {
      id: `timeout/${name}`,
      reason: `its handler takes longer than ${timeout}`,
      advice: `Make it faster, or raise its timeout in serverless.yml; the batch is retried. ${skipRecord(name)}`,
    }
  }
  if (obstacle === 'reading' && NOBODY_THERE.test(reason)) return serverAway('Kafka', reason, brokers)
  const { advice, ...words } = OBSTACLES[obstacle](reason)
  const found = ENDED.test(reason) ? `${advice} ${skipRecord(name)}` : advice
  return serverNamedIn(reason) ?? { id: `${obstacle}/${alike(reason)}`, ...words, advice: found }
}

/** Returns the reason and advice for an error that a function throws. */
function broken(reason: string): Omit<Cause, 'id'> {
  return { reason, advice: 'Fix its code or its settings. It is retried.' }
}

/** Returns the cause of a failed run of a scheduled function. */
export function failedRun(error: string): Cause {
  const reason = shown(error)
  return serverNamedIn(reason) ?? { id: `invocation/${alike(reason)}`, ...broken(reason) }
}

/** Returns the cause of a scheduled run that has exceeded its function's timeout. */
export function endlessRun(name: string, timeoutMs: number): Cause {
  return notEnded(`run/${name}`, `its run takes longer than its timeout of ${durationText(timeoutMs)}`)
}

/** Returns the cause of an invocation that has exceeded its function's timeout. */
export function endlessInvocation(name: string, forMs: number): Cause {
  const cause = notEnded(
    `no-answer/${name}`,
    `its handler has been processing a batch for ${durationText(forMs)}`,
  )
  return { ...cause, advice: `${cause.advice} ${skipRecord(name)}` }
}

function skipRecord(name: string): string {
  return `If it stops at one record, skip that record: npx sluice skip ${name} PARTITION@OFFSET`
}

function notEnded(id: string, what: string): Cause {
  return { id, reason: `${what} and has not ended`, advice: 'Check that its handler returns.' }
}

/** Returns the cause for a consumer that makes no progress without logging a reason. */
export function noProgress(name: string, pending: number, forMs: number): Cause {
  return {
    id: `no-progress/${name}`,
    reason: `${recordsOf(pending)} pending, without progress for ${durationText(forMs)}`,
    advice: `Check its log (.local/logs/functions/${name}.log). ${skipRecord(name)}`,
  }
}

/** Returns the cause for pending records of a consumer group that has no members. */
export function noReaders(group: string, pending: number): Cause {
  return {
    id: `no-readers/${group}`,
    reason: `${recordsOf(pending)} pending, and the consumer group ${group} has no members`,
    advice:
      'Check that the function is deployed and its trigger is enabled. It continues at its committed offsets.',
  }
}

/** Returns the reason without stack traces. Long lines are shortened. */
function shown(reason: string): string {
  const lines = reason.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  return lines
    .map(line => line.trimEnd().slice(0, MAX_LINE_LENGTH))
    .join('\n')
    .replace(/[.]$/, '')
}

/**
 * Replaces the parts of a reason that differ between records or attempts. Stalls with the same reason thus get the same cause id.
 */
function alike(reason: string): string {
  return reason.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
}
