/** Why something stands still, in words for people. */

import { durationText } from '../../duration.ts'
import type { Cause } from './stalls.ts'
import { recordsOf } from './words.ts'

const STACK_FRAME = /^\s+at /
const LONGEST_LINE = 200

/** The cause of everything that waits for a server. @param reason what was said when it was asked */
export function away(server: 'Kafka' | 'Redis', reason: string): Cause {
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
  { brokers }: { readonly brokers: string },
): Cause {
  return away(server, server === 'Redis' ? message : `Kafka does not answer at ${brokers}`)
}

/**
 * Recognizes the messages of `Unavailable`, which a function throws if it needs a server to start, and a scheduled
 * function always.
 */
export function serverNamedIn(reason: string): Cause | undefined {
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
    case 'state-not-migrated':
      return {
        id: `${reason}/${name}`,
        reason: said,
        advice: 'It continues with a migrate that can read the state, or with the version before.',
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

/** What is said of a function that throws, whatever invokes it. */
export function broken(reason: string): Omit<Cause, 'id'> {
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

/** What names the record at which a consumer stops. */
export function findRecord(name: string): string {
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
export function shown(reason: string): string {
  const lines = reason.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  return lines
    .map(line => line.trimEnd().slice(0, LONGEST_LINE))
    .join('\n')
    .replace(/[.]$/, '')
}

/** Removes what differs between records or attempts. */
export function alike(reason: string): string {
  return reason.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
}
