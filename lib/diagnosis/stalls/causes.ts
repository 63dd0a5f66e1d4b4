/** Causes of stalls, with the words for people. Pure. */
import { durationText } from '../../duration.ts'
import type { Cause } from './stalls.ts'
import { recordsOf } from './words.ts'

const STACK_FRAME = /^\s+at /
const MAX_LINE_LENGTH = 200
const RETRIED = 'It is retried.'

/** The cause of everything that waits for a server. @param reason the answer of the last attempt */
export function away(server: 'Kafka' | 'Redis', reason: string): Cause {
  return {
    id: server.toLowerCase(),
    server,
    reason: shown(reason),
    advice: 'Is it running? Everything continues when it answers.',
  }
}

/** The cause when a server does not answer `npm start` itself. */
export function serverAway(server: 'Kafka' | 'Redis', message: string, brokers: string): Cause {
  return away(server, server === 'Redis' ? message : `Kafka does not answer at ${brokers}`)
}

/**
 * Recognizes the messages of `Unavailable`, which a function throws if it needs a server to start, and a scheduled
 * function always.
 */
function serverNamedIn(reason: string): Cause | undefined {
  if (/^Redis at \S+ does not answer/.test(reason)) return away('Redis', reason)
  return /\bKafka (did not take it|does not say|does not answer)/.test(reason)
    ? away('Kafka', reason)
    : undefined
}

/** The cause of reported records before the function's log has given a reason. */
export function reportedFailures(name: string): Cause {
  return {
    id: `reported/${name}`,
    reason: 'it reports records as failed (batchItemFailures)',
    advice: `Its log may say why: npx sluice logs ${name}`,
  }
}

/** The advice for reasons of deferred partitions that keep their own words. */
const DEFERRED: Readonly<Record<string, string>> = {
  'state-evicted': 'docs/guarantees.md says what to do.',
  'state-newer-than-code': 'It continues with the code that stored the state.',
  'state-not-migrated': 'It continues with a migrate that can read the state, or with the version before.',
  'parking-without-ticks': 'docs/consumers.md, "Order behind a retry", says more.',
}

/** The cause of a deferred partition, from the function's log. */
export function deferredCause(name: string, details: Readonly<Record<string, unknown>>): Cause {
  const { error, place } = details
  const code = String(details.reason)
  const why = [error, ...[place].flat().slice(0, 1)].filter(part => typeof part === 'string').join(' ')
  const reason = shown(why || code)
  const id = `${code}/${name}`
  switch (code) {
    case 'store-unavailable':
      return away('Redis', reason)
    case 'broker-unavailable':
      return away('Kafka', reason)
    case 'breaker-open':
      return {
        id,
        reason: `nearly all of its records fail unexpectedly${why ? ` (${why})` : ''}, so they stay in Kafka`,
        advice: `Fix its code, or release them as failures: npx sluice breaker show ${name}`,
      }
    case 'another-log':
      return {
        id,
        reason: 'the log is not the one that its state was built from',
        advice:
          'Was the topic deleted? docs/guarantees.md says what to do; npm start -- --fresh starts with empty data.',
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

/** A stall that the trigger reports. */
export interface ReportedStall {
  readonly function: string
  readonly topic: string
  readonly obstacle: 'reading' | 'invocation' | 'commit' | 'registry' | 'destination'
  readonly kind: string
  readonly reason: string
}

/** Facts from other sources. */
export interface CauseFacts {
  readonly brokers: string
  /** The function's timeout, if its mapping has reported it. */
  readonly timeoutMs?: number
}

/** A broker that was there before, and does not accept connections now. */
const NOBODY_THERE = /\bECONNREFUSED\b/
/** A handler that throws has answered. One that ends its process, or runs out of memory, has not. */
const ENDED = /the handler (ended|did not answer)/

/** The meaning of an error, by obstacle. */
const OBSTACLES: Readonly<Record<ReportedStall['obstacle'], (reason: string) => Omit<Cause, 'id'>>> = {
  reading: reason => ({
    reason: `it cannot read: ${reason.replace(/^not reading: /, '')}`,
    advice: RETRIED,
  }),
  invocation: broken,
  commit: reason => ({ reason: `its offsets cannot be committed: ${reason}`, advice: RETRIED }),
  registry: reason => ({ reason, advice: `Is the schema registry running? ${RETRIED}` }),
  destination: reason => ({
    reason: `discarded records are ${reason}`,
    advice: `Does the destination exist? ${RETRIED}`,
  }),
}

/** The cause of a stall that the trigger reports; undefined if only the function's own log can say. */
export function reportedCause(stall: ReportedStall, { brokers, timeoutMs }: CauseFacts): Cause | undefined {
  const { function: name, obstacle, kind, topic } = stall
  if (kind === 'reported') return undefined
  const reason = shown(stall.reason)
  if (kind === 'unreachable') return serverAway('Kafka', reason, brokers)
  if (kind === 'no-topic')
    return {
      id: `no-topic/${topic}`,
      reason: `the topic ${topic} does not exist`,
      advice: 'Create it; the function will find it.',
    }
  if (kind === 'timeout') {
    const timeout = timeoutMs === undefined ? 'its timeout' : `its timeout of ${durationText(timeoutMs)}`
    return {
      id: `timeout/${name}`,
      reason: `its handler takes longer than ${timeout}`,
      advice: `Make it faster, or raise its timeout in serverless.yml; the batch is retried. ${findRecord(name)}`,
    }
  }
  if (obstacle === 'reading' && NOBODY_THERE.test(reason)) return serverAway('Kafka', reason, brokers)
  const { advice, ...words } = OBSTACLES[obstacle](reason)
  const found = ENDED.test(reason) ? `${advice} ${findRecord(name)}` : advice
  return serverNamedIn(reason) ?? { id: `${obstacle}/${alike(reason)}`, ...words, advice: found }
}

/** An error of a function, however it was invoked. */
function broken(reason: string): Omit<Cause, 'id'> {
  return { reason, advice: 'Fix its code or its settings; it is retried.' }
}

/** The cause of a failed run of a scheduled function. */
export function failedRun(error: string): Cause {
  const reason = shown(error)
  return serverNamedIn(reason) ?? { id: `invocation/${alike(reason)}`, ...broken(reason) }
}

/** The cause when a scheduled run outlasts the timeout of its function. */
export function endlessRun(name: string, timeoutMs: number): Cause {
  return notEnded(`run/${name}`, `its run takes longer than its timeout of ${durationText(timeoutMs)}`)
}

/** The cause when an invocation outlasts the timeout of its function. */
export function endlessInvocation(name: string, forMs: number): Cause {
  const cause = notEnded(`no-answer/${name}`, `its handler has had a batch for ${durationText(forMs)}`)
  return { ...cause, advice: `${cause.advice} ${findRecord(name)}` }
}

function findRecord(name: string): string {
  return `If it stops at one record, this finds it: npx sluice skip ${name}`
}

function notEnded(id: string, what: string): Cause {
  return { id, reason: `${what}, and nothing has ended it`, advice: 'Does its handler ever return?' }
}

/** The cause when a consumer makes no progress and logs no reason. */
export function noProgress(name: string, pending: number, forMs: number): Cause {
  return {
    id: `no-progress/${name}`,
    reason: `${recordsOf(pending)} pending, and none has gone through for ${durationText(forMs)}`,
    advice: `Its log may say why: npx sluice logs ${name}. ${findRecord(name)}`,
  }
}

/** The cause when records wait for a consumer whose group has no members. */
export function noReaders(name: string, group: string, pending: number): Cause {
  return {
    id: `no-readers/${name}`,
    reason: `${recordsOf(pending)} pending, and the consumer group ${group} has no members`,
    advice: 'Is the function deployed, and its trigger enabled? It continues where it was.',
  }
}

/** Removes stacks and shortens long lines. */
function shown(reason: string): string {
  const lines = reason.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  return lines
    .map(line => line.trimEnd().slice(0, MAX_LINE_LENGTH))
    .join('\n')
    .replace(/[.]$/, '')
}

/** Removes what differs between records or attempts. */
function alike(reason: string): string {
  return reason.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
}
