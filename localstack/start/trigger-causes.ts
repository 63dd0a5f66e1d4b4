/** Why a function stands still, by what the trigger reports. */

import { alike, away, broken, findRecord, serverNamedIn, shown } from '../../lib/diagnosis/stalls/causes.ts'
import type { Cause } from '../../lib/diagnosis/stalls/stalls.ts'
import { durationText } from '../../lib/duration.ts'
import type { Report } from '../msk-trigger/report/reports.ts'

type Stalled = Extract<Report, { report: 'stalled' }>

/** Facts from other sources. */
export interface Known {
  readonly brokers: string
  /** The function's timeout, if its mapping has reported it. */
  readonly timeoutMs?: number
}

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
  if (kind === 'timeout') return tooSlow(name, known)
  const reason = shown(stalled.reason)
  if (obstacle === 'reading' && NOBODY_THERE.test(reason))
    return away('Kafka', `Kafka does not answer at ${known.brokers}`)
  const named = serverNamedIn(reason)
  if (named) return named
  const id = `${obstacle}/${alike(reason)}`
  const { advice, ...words } = WORDS[obstacle](reason)
  return { id, ...words, advice: ENDED.test(reason) ? `${advice} ${findRecord(name)}` : advice }
}

/** A broker that was there before, and does not accept connections now. */
const NOBODY_THERE = /\bECONNREFUSED\b/

/** A handler that throws has answered. One that ends its process, or runs out of memory, has not. */
const ENDED = /the handler (ended|did not answer)/

/** The meaning of an error, by obstacle. */
const WORDS: Readonly<Record<Stalled['obstacle'], (reason: string) => Omit<Cause, 'id'>>> = {
  reading: reason => ({
    reason: `it cannot read: ${reason.replace(/^not reading: /, '')}`,
    advice: 'It is retried.',
  }),
  invocation: broken,
  commit: reason => ({ reason: `its offsets cannot be committed: ${reason}`, advice: 'It is retried.' }),
  registry: reason => ({ reason, advice: 'Is the schema registry running? It is retried.' }),
  destination: reason => ({
    reason: `discarded records are ${reason}`,
    advice: 'Does the destination exist? It is retried.',
  }),
}

/** The trigger has ended the handler at its timeout. */
function tooSlow(name: string, { timeoutMs }: Known): Cause {
  const timeout = timeoutMs === undefined ? 'its timeout' : `its timeout of ${durationText(timeoutMs)}`
  return {
    id: `timeout/${name}`,
    reason: `its handler takes longer than ${timeout}`,
    advice: `Make it faster, or raise its timeout in serverless.yml; the batch is retried. ${findRecord(name)}`,
  }
}
