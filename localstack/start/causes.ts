/** Why something stands still, in words for the person at the terminal. */

import { durationText } from '../../lib/duration.ts'
import type { Report } from '../msk-trigger/report/reports.ts'
import type { Cause } from './stalls.ts'
import { recordsOf } from './words.ts'

type Stalled = Extract<Report, { report: 'stalled' }>

/** Facts from other sources. */
export interface Known {
  readonly brokers: string
  /** The function's timeout, if its mapping has reported it. */
  readonly timeoutMs?: number
}

const STACK_FRAME = /^\s+at /
const LONGEST_LINE = 200

/** The cause of a stall that the trigger reports; undefined if only the function's own log can say. */
export function causeOf(stalled: Stalled, known: Known): Cause | undefined {
  const { function: name, obstacle, kind, topic } = stalled
  if (kind === 'unreachable') return away('Kafka', `Kafka does not answer at ${known.brokers}`)
  if (kind === 'reported') return undefined
  if (kind === 'no-topic')
    return {
      id: `no-topic/${topic}`,
      reason: `the topic ${topic} does not exist`,
      advice: 'Create it; the function will find it.',
    }
  if (kind === 'timeout') return noAnswer(name, obstacle, known)
  const reason = shown(stalled.reason)
  const named = serverNamedIn(reason)
  if (named) return named
  const id = `${obstacle}/${alike(reason)}`
  return { id, ...WORDS[obstacle](reason) }
}

/** The meaning of an error, by obstacle. */
const WORDS: Readonly<Record<Stalled['obstacle'], (reason: string) => Omit<Cause, 'id'>>> = {
  reading: reason => ({
    reason: `it cannot read: ${reason.replace(/^not reading: /, '')}`,
    advice: 'It is retried.',
  }),
  invocation: broken,
  answer: reason => ({ reason, advice: 'It is retried.' }),
  commit: reason => ({ reason: `its offsets cannot be committed: ${reason}`, advice: 'It is retried.' }),
  registry: reason => ({ reason, advice: 'Is the schema registry running? It is retried.' }),
  destination: reason => ({
    reason: `discarded records are ${reason}`,
    advice: 'Does the destination exist? It is retried.',
  }),
}

/** The handler has kept a batch for a long time, or longer than its timeout: one cause, whichever is seen first. */
function noAnswer(name: string, obstacle: Stalled['obstacle'], { timeoutMs }: Known): Cause {
  const timeout = timeoutMs === undefined ? 'its timeout' : `its timeout of ${durationText(timeoutMs)}`
  return {
    id: `no-answer/${name}`,
    reason:
      obstacle === 'answer'
        ? 'its handler has had a batch for 20 s'
        : `its handler takes longer than ${timeout}`,
    advice:
      obstacle === 'answer'
        ? `Does it ever return? It is terminated after ${timeout}.`
        : 'Does it ever return? Make it faster, or raise its timeout in serverless.yml; the batch is retried.',
  }
}

function away(server: 'Kafka' | 'Redis', reason: string): Cause {
  return {
    id: server.toLowerCase(),
    server,
    reason: shown(reason),
    advice: 'Is it running? Everything continues when it answers.',
  }
}

/** The cause when a server does not answer `npm start` itself. */
export function serverAway(
  server: 'Kafka' | 'Redis',
  message: string,
  { brokers }: Pick<Known, 'brokers'>,
): Cause {
  return away(server, server === 'Redis' ? message : `Kafka does not answer at ${brokers}`)
}

/**
 * Recognizes the messages of `Unavailable`, which a function throws if it needs a server to start, and a scheduled
 * function always.
 */
function serverNamedIn(reason: string): Cause | undefined {
  if (/^Redis at \S+ does not answer/.test(reason)) return away('Redis', reason)
  return /^Kafka did not take it/.test(reason) ? away('Kafka', reason) : undefined
}

/** The cause of reported records before the function's log has given a reason. */
export function reportedFailures(name: string): Cause {
  return {
    id: `reported/${name}`,
    reason: 'it reports records as failed (batchItemFailures)',
    advice: `Its log may say why: npx sluice logs ${name}`,
  }
}

/** The cause of a deferred partition, from the function's log. */
export function deferredCause(name: string, details: Readonly<Record<string, unknown>>): Cause {
  const { reason, error, place } = details
  const why = [error, ...[place].flat().slice(0, 1)].filter(part => typeof part === 'string').join(' ')
  const said = shown(why || String(reason))
  switch (reason) {
    case 'store-unavailable':
      return away('Redis', said)
    case 'broker-unavailable':
      return away('Kafka', said)
    case 'breaker-open':
      return {
        id: `breaker-open/${name}`,
        reason: `nearly all of its records fail unexpectedly${why ? ` (${why})` : ''}, so they stay in Kafka`,
        advice: `Fix its code, or release them as failures: npx sluice breaker show ${name}`,
      }
    case 'another-log':
      return {
        id: `another-log/${name}`,
        reason: 'the log is not the one that its state was built from',
        advice:
          'Was the topic deleted? docs/guarantees.md says what to do; npm start -- --fresh starts with empty data.',
      }
    case 'state-evicted':
      return { id: `${reason}/${name}`, reason: said, advice: 'docs/guarantees.md says what to do.' }
    case 'state-newer-than-code':
      return {
        id: `${reason}/${name}`,
        reason: said,
        advice: 'It continues with the code that stored the state.',
      }
    case 'parking-without-ticks':
      return {
        id: `${reason}/${name}`,
        reason: said,
        advice: 'docs/consumers.md, "Order behind a retry", says more.',
      }
    case 'receiver-unavailable':
      return {
        id: `receiver/${name}`,
        reason: `its receiver does not accept deliveries${why ? `: ${said}` : ''}`,
        advice: 'It is retried.',
      }
    case 'out-of-time':
      return {
        id: `out-of-time/${name}`,
        reason: 'its batches do not fit into its timeout',
        advice: 'Make it faster, or raise its timeout or lower its batchSize in serverless.yml.',
      }
    default:
      return { id: `deferred/${name}/${alike(said)}`, reason: said, advice: 'It is retried.' }
  }
}

/** The advice for a function that throws, whatever invokes it. */
function broken(reason: string): Omit<Cause, 'id'> {
  return { reason, advice: 'Fix its code or its settings; it is retried.' }
}

/** The cause of a failed run of a scheduled function. */
export function failedRun(error: string): Cause {
  const reason = shown(error)
  return serverNamedIn(reason) ?? { id: `invocation/${alike(reason)}`, ...broken(reason) }
}

export function endlessRun(name: string): Cause {
  return {
    id: `run/${name}`,
    reason: 'its run has not ended for 20 s',
    advice: 'Does its handler ever return?',
  }
}

/** The cause when a consumer makes no progress and logs no reason. */
export function noProgress(name: string, pending: number, forMs: number): Cause {
  return {
    id: `no-progress/${name}`,
    reason: `${recordsOf(pending)} pending, and none has gone through for ${durationText(forMs)}`,
    advice: `Its log may say why: npx sluice logs ${name}`,
  }
}

/** Removes stacks and shortens long lines. */
function shown(reason: string): string {
  const lines = reason.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  return lines
    .map(line => line.trimEnd().slice(0, LONGEST_LINE))
    .join('\n')
    .replace(/[.]$/, '')
}

/** Removes what differs between records or attempts. */
function alike(reason: string): string {
  return reason.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
}
