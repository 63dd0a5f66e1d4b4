/** Reports the results of a run. */
import { availableParallelism } from 'node:os'
import { durationText } from '../../lib/duration.ts'
import type { Violations } from '../ledger/count/violations.ts'
import { CONSUMERS_OF_READINGS } from '../support/consumers.ts'
import { ROUTER } from './account.ts'
import type { Alone } from './alone.ts'
import { commandOf } from './options.ts'
import type { Result } from './run.ts'

/** Upper bound for the resident memory of a function that runs alone in its process. */
const MEMORY_BYTES = 300_000_000

/** Adds violations by functions that were measured alone. */
export function checkMemory(measured: readonly Alone[], violations: Violations): void {
  for (const { name, peakBytes, unfinished } of measured) {
    if (peakBytes > MEMORY_BYTES)
      violations.add(
        'functions that use too much memory',
        `${name}: ${mib(peakBytes)}, not ${mib(MEMORY_BYTES)}`,
      )
    if (unfinished > 0)
      violations.add('stuck partitions of functions that run alone', `${name}: ${unfinished} invocations`)
  }
}

export function report(result: Result, measured: readonly Alone[] = []): string[] {
  const { options, observed, violations, refused, redis, sentMs, restMs } = result
  const { sent, readings, failures, deadLetters } = observed
  const acknowledged = sent.filter(({ how }) => how === 'ack')
  const steady = [...observed.steady.sent.values()].reduce((sum, count) => sum + count, 0)
  const machine = `${availableParallelism()} processors, Node ${process.versions.node}`
  const rows = [
    ['sent', `${sent.length + refused} records of the fuzzing producer, seed ${options.seed}; ${machine}`],
    [
      'committed',
      `${acknowledged.length}; ${tallied(sent.filter(({ how }) => how !== 'ack').map(({ how }) => how))}, refused ${refused}`,
    ],
    ['by codec', tallied(acknowledged.map(({ codec }) => codec))],
    ['by manner', tallied(acknowledged.map(({ manner }) => manner))],
    ['by kind', tallied(acknowledged.flatMap(({ kind }) => kind.split('+')))],
    ['good readings', `${steady} of another producer`],
    ['in the log', `${readings.records.length} that can be read`],
    ...[...CONSUMERS_OF_READINGS, ROUTER].map(name => [name, outcomes(result, name)]),
    ['failures', copies(failures.records)],
    ['dead letters', copies(deadLetters.records)],
    ['Redis', `${mib(redis.bytes)} of ${mib(redis.boundBytes)} allowed; ${mib(redis.peakBytes)} at most`],
    ...measured.map(({ name, peakBytes, invocations, leftOut }) => [
      `${name} alone`,
      `${mib(peakBytes)} at most in ${invocations} invocations; ${leftOut} records too large for one`,
    ]),
    ['took', `${durationText(sentMs)}, and ${durationText(restMs)} until all was decided`],
  ]
  return [
    ...rows.map(([name = '', what]) => `${name.padEnd(18)}${what}`),
    ...violations.lines.map(line => `wrong             ${line}`),
    violations.isEmpty
      ? 'KEPT              every record is accounted for, and no partition waits'
      : `BROKEN            ${violations.kinds.join('; ')}\n                  again: ${commandOf(options)}`,
  ]
}

function outcomes({ observed }: Result, name: string): string {
  const sums = new Map<string, number>()
  for (const { consumer, tally } of observed.decided)
    for (const [how, count] of consumer === name ? tally : []) sums.set(how, (sums.get(how) ?? 0) + count)
  return [...sums]
    .sort()
    .map(([how, count]) => `${how} ${count}`)
    .join(', ')
}

function copies(records: readonly { readonly id: string }[]): string {
  const distinct = new Set(records.map(({ id }) => id)).size
  return `${distinct}, and ${records.length - distinct} repeats`
}

function tallied(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([name, count]) => `${name} ${count}`).join(', ')
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
