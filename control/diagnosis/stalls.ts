/** Detects stalls in any environment, from facts that Kafka and Redis report. Pure. */

import {
  describeOpenTransaction,
  LongTransactions,
  type OpenTransaction,
} from '@sluice/kafka-records/requests'
import { computeSum, count } from '../../lib/support/count.ts'
import type { ReadTopic } from '../environment/functions.ts'
import type { ConsumerLag } from '../queries/kafka/consumer-lag.ts'

/** Reason for a stall, with advice for the user. */
interface Cause {
  /** Reason without a full stop. */
  readonly reason: string
  /** Advice in whole sentences. */
  readonly advice: string
  /** Number of pending records; only for consumer groups without members, and for consumers without progress. */
  readonly pending?: number
  /** True for a consumer group without members. */
  readonly isUnread?: true
  /** Start of the stall, in milliseconds since the epoch; absent if it began when it was seen first. */
  readonly sinceMs?: number
}

/** Functions that have stalled for the same cause; none if a server does not answer. */
export interface StalledFunctions extends Cause {
  readonly functions: readonly string[]
  /** Start of the stall, in milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Progress of a consumer in a topic. */
export interface WatchedLag extends ReadTopic, ConsumerLag {
  /** Maximum time to wait for a full batch, in milliseconds. */
  readonly windowMs: number
}

/** Facts gathered by one observation. */
export interface StallFacts {
  /** Error message of each server that did not answer; null if the server answered. */
  readonly servers: Readonly<Record<string, string | null>>
  /** Lag of each consumer; undefined if Kafka did not answer. */
  readonly lags: readonly WatchedLag[] | undefined
  /** Number of members by consumer group. */
  readonly members: ReadonlyMap<string, number>
  /** Consumers whose circuit breaker is open; undefined if Redis did not answer. */
  readonly broken: readonly string[] | undefined
  /** Open transactions of the topics. */
  readonly transactions?: readonly OpenTransaction[] | undefined
}

/**
 * Time without members, in milliseconds, after which a consumer group is considered dead. A group has no members for a moment while
 * a consumer restarts.
 */
const DEAD_AFTER_MS = 10_000
/**
 * Idle time, in milliseconds, after which a consumer is considered stalled. Running invocations cannot be observed, and nearly all
 * functions have a timeout of one minute.
 */
const QUIET_MS = 90_000
/** Factor of the usual interval above which an observation is considered late. */
const LATE = 2

interface WatchedProgress {
  readonly reached: number
  readonly seenAtMs: number
  /** Observed time without progress although records are pending, in milliseconds. */
  readonly idleMs: number
  /** Observed time for which also the group had no members, in milliseconds. */
  readonly unreadMs: number
}

export class StallWatch {
  readonly #lookEveryMs: number
  readonly #watched = new Map<string, WatchedProgress>()
  readonly #transactions = new LongTransactions()
  /** Start of each open stall, by its place. */
  #open: ReadonlyMap<string, number> = new Map()

  /** @param lookEveryMs interval between two observations, in milliseconds */
  constructor(lookEveryMs: number) {
    this.#lookEveryMs = lookEveryMs
  }

  /** Processes an observation, and returns the stalls, longest first. */
  next(
    { servers, lags, members, broken = [], transactions = [] }: StallFacts,
    nowMs: number,
  ): StalledFunctions[] {
    const causes = new Map<string, { readonly cause: Cause; readonly functions: readonly string[] }>()
    for (const [server, problem] of Object.entries(servers))
      if (problem !== null) causes.set(server, { cause: describeOutage(problem), functions: [] })
    for (const name of broken) causes.set(`${name}|breaker`, { cause: BREAKER_OPEN, functions: [name] })
    for (const one of this.#transactions.select(transactions, nowMs)) {
      const { says: reason, todo: advice } = describeOpenTransaction(one)
      const functions = (lags ?? []).flatMap(lag => (lag.topic === one.topic ? [lag.function] : []))
      causes.set(reason, { cause: { reason, advice, sinceMs: one.sinceMs }, functions })
    }
    // Progress cannot be observed until Kafka answers.
    if (lags === undefined) this.#watched.clear()
    for (const lag of lags ?? []) {
      const cause = this.#findCause(lag, members.get(lag.group), nowMs)
      if (cause && !broken.includes(lag.function))
        causes.set(`${lag.function}|${lag.topic}`, { cause, functions: [lag.function] })
    }
    this.#open = new Map([...causes.keys()].map(place => [place, this.#open.get(place) ?? nowMs]))
    const stalls = [...causes].map(([place, { cause, functions }]) => ({
      sinceMs: this.#open.get(place) ?? nowMs,
      ...cause,
      functions,
    }))
    return joinAlike(stalls).sort((a, b) => a.sinceMs - b.sinceMs)
  }

  #findCause(lag: WatchedLag, members: number | undefined, nowMs: number): Cause | undefined {
    const { function: name, topic, group, windowMs, pending, partitions } = lag
    const key = `${name}|${topic}`
    const before = this.#watched.get(key)
    const reached = partitions.reduce((total, { next }) => total + next, 0)
    // Late observations indicate an overloaded machine, on which consumers are slow as well.
    const passedMs = before ? Math.min(nowMs - before.seenAtMs, LATE * this.#lookEveryMs) : 0
    const isIdle = pending > 0 && before?.reached === reached
    // Some readers assign partitions to themselves, so a group without members may make progress.
    const idleMs = isIdle ? before.idleMs + passedMs : 0
    const unreadMs = isIdle && members === 0 ? before.unreadMs + passedMs : 0
    this.#watched.set(key, { reached, seenAtMs: nowMs, idleMs, unreadMs })
    if (unreadMs >= DEAD_AFTER_MS) return describeNoReaders(group, pending)
    return idleMs >= QUIET_MS + windowMs ? describeNoProgress(name, pending, nowMs - idleMs) : undefined
  }
}

/**
 * Reports consumer groups without members as one stall, because several of them usually have one cause, and also the topics in which
 * a function makes no progress.
 */
function joinAlike(stalls: readonly StalledFunctions[]): StalledFunctions[] {
  const alike = Map.groupBy(stalls, stall => (stall.isUnread ? '' : `${stall.functions} ${stall.advice}`))
  return [...alike.values()].flatMap(own => {
    const [first, ...others] = own.toSorted((a, b) => a.sinceMs - b.sinceMs)
    if (!first || others.length === 0) return own
    const functions = [...new Set(own.flatMap(stall => stall.functions))]
    const pending = computeSum(own.map(stall => stall.pending ?? 0))
    const unread = `${count(pending, 'record')} pending, and ${own.length} consumer groups have no members`
    return [{ ...first, functions, reason: first.isUnread ? unread : describePending(pending), pending }]
  })
}

/** @param reason error of the last attempt to reach the server */
function describeOutage(reason: string): Cause {
  return { reason: reason.replace(/\.$/, ''), advice: 'Everything continues when it answers.' }
}

export const BREAKER_OPEN: Cause = {
  reason: 'nearly all of its records fail unexpectedly, so they stay in Kafka',
  advice:
    'Fix its code: another version is tried at once. After 15 minutes, records that fail become failures.',
}

/** Returns the places where the log of a function can be. */
function describeLog(name: string): string {
  return `logs/functions/${name}.log in .local, in .local/stacks/STACK for a named stack; in an account, CloudWatch`
}

/** Returns the cause for a consumer that makes no progress. */
function describeNoProgress(name: string, pending: number, sinceMs: number): Cause {
  return {
    reason: describePending(pending),
    advice: `Check its log (${describeLog(name)}). If it stops at one record, skip that record: npx sluice skip ${name} PARTITION@OFFSET`,
    pending,
    sinceMs,
  }
}

function describePending(pending: number): string {
  return `${count(pending, 'record')} pending, without progress`
}

/** Reason for the state `unknown` of a consumer group, without a full stop. */
export const NEWER_PROTOCOL =
  'the group uses a newer protocol of Kafka (such as group.protocol=consumer), for which Sluice cannot read state and members'

/** Returns the cause for pending records of a consumer group that has no members. */
export function describeNoReaders(group: string, pending: number): Cause {
  return {
    reason: `${count(pending, 'record')} pending, and the consumer group ${group} has no members`,
    advice:
      'Check that the function is deployed and its trigger is enabled. It continues at its committed offsets.',
    pending,
    isUnread: true,
  }
}
