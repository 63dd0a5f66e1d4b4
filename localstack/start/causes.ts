/** Why something stands still, in words for the person at the terminal. */
import type { Report } from '../msk-trigger/reports.ts'
import type { Cause } from './stalls.ts'
import { durationOf, recordsOf } from './words.ts'

type Stalled = Extract<Report, { report: 'stalled' }>

/** What is known from elsewhere. */
export interface Known {
  readonly brokers: string
  /** The timeout of the function, where its mapping has told it. */
  readonly timeoutMs?: number
}

const STACK_FRAME = /^\s+at /
const LONGEST_LINE = 200

/** Of what the trigger reports; undefined where only the function's own log can say. */
export function causeOf(stalled: Stalled, known: Known): Cause | undefined {
  const { function: name, obstacle, kind, topic } = stalled
  if (kind === 'unreachable') return away('Kafka', `Kafka does not answer at ${known.brokers}`)
  if (kind === 'reported') return undefined
  if (kind === 'no-topic')
    return {
      id: `no-topic/${topic}`,
      reason: `the topic ${topic} does not exist`,
      advice: 'Create it; it is looked for again.',
    }
  if (kind === 'timeout') return noAnswer(name, obstacle, known)
  const reason = shown(stalled.reason)
  const named = serverNamedIn(reason)
  if (named) return named
  const id = `${obstacle}/${alike(reason)}`
  return { id, ...WORDS[obstacle](reason) }
}

/** What an error of each obstacle means. */
const WORDS: Readonly<Record<Stalled['obstacle'], (reason: string) => Omit<Cause, 'id'>>> = {
  reading: reason => ({
    reason: `it cannot read: ${reason.replace(/^not reading: /, '')}`,
    advice: 'It is tried again.',
  }),
  invocation: broken,
  answer: reason => ({ reason, advice: 'It is tried again.' }),
  commit: reason => ({ reason: `its offsets cannot be committed: ${reason}`, advice: 'It is tried again.' }),
  registry: reason => ({ reason, advice: 'Does the schema registry run? It is asked again.' }),
  destination: reason => ({
    reason: `discarded records are ${reason}`,
    advice: 'Is there such a destination? It is tried again.',
  }),
}

/** The handler has had a batch for long, or for longer than it may: one fault, whichever is seen first. */
function noAnswer(name: string, obstacle: Stalled['obstacle'], { timeoutMs }: Known): Cause {
  const timeout = timeoutMs === undefined ? 'its timeout' : `its timeout of ${durationOf(timeoutMs)}`
  return {
    id: `no-answer/${name}`,
    reason:
      obstacle === 'answer'
        ? 'its handler has had a batch for 20 s'
        : `its handler takes longer than ${timeout}`,
    advice:
      obstacle === 'answer'
        ? `Does it ever return? It is ended after ${timeout}.`
        : 'Does it ever return? Make it faster, or raise its timeout in serverless.yml; the batch is tried again.',
  }
}

function away(server: 'Kafka' | 'Redis', reason: string): Cause {
  return {
    id: server.toLowerCase(),
    server,
    reason: shown(reason),
    advice: 'Is it running? All goes on by itself when it answers.',
  }
}

/** Of a server that `npm start` itself asks for its figures. */
export function serverAway(
  server: 'Kafka' | 'Redis',
  message: string,
  { brokers }: Pick<Known, 'brokers'>,
): Cause {
  return away(server, server === 'Redis' ? message : `Kafka does not answer at ${brokers}`)
}

/** By the words of `Unavailable`, in which a function that needs a server to begin throws, and a scheduled one always. */
function serverNamedIn(reason: string): Cause | undefined {
  if (/^Redis at \S+ does not answer/.test(reason)) return away('Redis', reason)
  return /^Kafka did not take it/.test(reason) ? away('Kafka', reason) : undefined
}

/** Of a function that reports records as failed, before its log has said why. */
export function reportedFailures(name: string): Cause {
  return {
    id: `reported/${name}`,
    reason: 'it reports records as failed (batchItemFailures)',
    advice: `Its log may say why: npx sluice logs ${name}`,
  }
}

/** Of a partition that waits, as the function's log tells it. */
export function deferredCause(name: string, details: Readonly<Record<string, unknown>>): Cause {
  const { reason, error, place } = details
  const why = [error, ...[place].flat().slice(0, 1)].filter(part => typeof part === 'string').join(' ')
  const said = shown(why || String(reason))
  switch (reason) {
    case 'store-unavailable':
      return away('Redis', said)
    case 'broker-unavailable':
      return away('Kafka', said)
    case 'flood':
      return {
        id: `breaker-open/${name}`,
        reason: `nearly all of its records fail unexpectedly${why ? ` (${why})` : ''}, so they stay in Kafka`,
        advice: `Fix its code, or let them out as failures: npx sluice flood show ${name}`,
      }
    case 'another-log':
      return {
        id: `another-log/${name}`,
        reason: 'the log is another one than its state was made from',
        advice:
          'Was the topic deleted? docs/guarantees.md has what to do; npm start -- --fresh begins with empty data.',
      }
    case 'outside-unavailable':
      return {
        id: `receiver/${name}`,
        reason: `what it delivers to does not take it${why ? `: ${said}` : ''}`,
        advice: 'It is tried again.',
      }
    case 'out-of-time':
      return {
        id: `out-of-time/${name}`,
        reason: 'its batches do not fit into its timeout',
        advice: 'Make it faster, or raise its timeout or lower its batchSize in serverless.yml.',
      }
    default:
      return { id: `deferred/${name}/${alike(said)}`, reason: said, advice: 'It is tried again.' }
  }
}

/** Of a function that throws, whatever invokes it. */
function broken(reason: string): Omit<Cause, 'id'> {
  return { reason, advice: 'Fix its code or its settings; it is tried again.' }
}

/** Of a scheduled function. */
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

/** Of a consumer that does not complain, and does not go on. */
export function noProgress(name: string, pending: number, forMs: number): Cause {
  return {
    id: `no-progress/${name}`,
    reason: `${recordsOf(pending)} pending, and none has gone through for ${durationOf(forMs)}`,
    advice: `Its log may say why: npx sluice logs ${name}`,
  }
}

/** Without stacks, and no longer than a person reads. */
function shown(reason: string): string {
  const lines = reason.split('\n').filter(line => line.trim() !== '' && !STACK_FRAME.test(line))
  return lines
    .map(line => line.trimEnd().slice(0, LONGEST_LINE))
    .join('\n')
    .replace(/[.]$/, '')
}

/** Without what differs from one record, or attempt, to the next. */
function alike(reason: string): string {
  return reason.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
}
