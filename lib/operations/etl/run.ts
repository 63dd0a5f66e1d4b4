/** Loads new records of the history into the warehouse, and announces the run. */
import type { EtlCompleted } from '../../../schemas/types.ts'
import { type PartitionSlices, slicesOf } from '../../history/read.ts'
import { HistoryFailure, type HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import {
  WarehouseFailure,
  type WarehouseTarget,
  type Watermark,
  watermarkOfPartition,
} from '../../warehouse/target.ts'
import { type CountedStep, LOADED_TABLES, stepsOf } from './steps.ts'

export interface EtlRun {
  readonly store: HistoryStore
  readonly target: WarehouseTarget
  /** Remaining time in milliseconds. No step begins when it is below `RESERVE_MS`. */
  readonly remainingMs: () => number
  readonly nowMs: () => number
  /** Identifies a run that loads nothing, RFC 3339: a retry of the run has the same time. */
  readonly scheduledFor: string
  /** Publishes the event of a run. It can be called again with the same run. */
  readonly announce: (run: EtlCompleted, scheduledFor: string) => Promise<void>
  /** Called after each step. */
  readonly onStep?: (step: CountedStep) => void
}

/** Time for completing a step and announcing the run, in milliseconds. */
const RESERVE_MS = 60_000

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Loads all records above the watermarks. Every step is committed separately, so a killed run continues where it was.
 *
 * @throws WarehouseFailure if the warehouse cannot be used
 * @throws HistoryUnavailable if the history cannot be listed
 */
export async function runEtl(run: EtlRun): Promise<EtlCompleted> {
  const { store, target, remainingMs, nowMs, scheduledFor, announce } = run
  const startedMs = nowMs()
  const result: Mutable<EtlCompleted> = {
    target: target.kind,
    location: target.location,
    outcome: 'completed',
    startedAt: new Date(startedMs).toISOString(),
    endedAt: '',
    durationMs: 0,
    records: 0,
    repeated: 0,
    skipped: 0,
    martRows: {},
    ranges: [],
    missing: [],
  }
  const end = async (outcome: EtlCompleted['outcome'], loaded: readonly Watermark[]) => {
    const endedMs = nowMs()
    const times = { endedAt: new Date(endedMs).toISOString(), durationMs: endedMs - startedMs }
    Object.assign(result, { outcome, ...times, ranges: loaded.map(rangeOf) })
    await announce(result, scheduledFor)
    await target.announced(loaded)
  }
  try {
    await target.open()
    // A run that was killed has loaded records without announcing them.
    const left = (await target.watermarks()).filter(isUnannounced)
    if (left.length > 0) await end('interrupted', left)
    const partitions = await partitionsOf(store, await target.watermarks())
    for (const one of partitions) {
      if (remainingMs() < RESERVE_MS) result.outcome = 'partial'
      else await load(run, one, result)
    }
  } catch (error) {
    if (!(error instanceof HistoryFailure || error instanceof WarehouseFailure)) throw error
    result.reason = error.message
    await announce({ ...result, outcome: 'failed', endedAt: new Date(nowMs()).toISOString() }, scheduledFor)
    throw error
  }
  await end(
    result.reason === undefined ? result.outcome : 'failed',
    (await target.watermarks()).filter(isUnannounced),
  )
  return result
}

interface LoadedPartition extends PartitionSlices {
  readonly table: HistoryTable
  readonly from: number | undefined
}

/** Returns the partitions to load. Those that are furthest behind come first, so that none waits in every run. */
async function partitionsOf(store: HistoryStore, marks: readonly Watermark[]): Promise<LoadedPartition[]> {
  const found: (LoadedPartition & { readonly upToMs: number })[] = []
  for (const table of LOADED_TABLES)
    for (const one of await slicesOf(store, { table })) {
      const mark = watermarkOfPartition(marks, { ...one, table })
      found.push({ ...one, table, from: mark?.nextOffset, upToMs: mark?.upToMs ?? 0 })
    }
  return found.sort((a, b) => a.upToMs - b.upToMs)
}

/** Loads one partition. If an object cannot be read, the partition waits for it, and others continue. */
async function load(run: EtlRun, partition: LoadedPartition, result: Mutable<EtlCompleted>): Promise<void> {
  const { store, target, remainingMs, onStep } = run
  const { table, topic, from } = partition
  try {
    for await (const step of stepsOf(store, table, partition, from)) {
      if (!(await target.apply(step))) return
      for (const count of ['records', 'repeated', 'skipped'] as const) result[count] += step[count]
      const missing = step.missing.map(range => ({ table, topic, partition: step.partition, ...range }))
      result.missing = [...result.missing, ...missing]
      for (const [{ name }, { length }] of step.changes)
        result.martRows = { ...result.martRows, [name]: (result.martRows[name] ?? 0) + length }
      onStep?.(step)
      if (remainingMs() >= RESERVE_MS) continue
      result.outcome = 'partial'
      return
    }
  } catch (error) {
    if (!(error instanceof HistoryFailure)) throw error
    result.reason = error.message
  }
}

function isUnannounced({ announcedOffset, nextOffset }: Watermark): boolean {
  return announcedOffset < nextOffset
}

function rangeOf({ table, topic, partition, announcedOffset, nextOffset }: Watermark) {
  return { table, topic, partition, from: announcedOffset, to: nextOffset - 1 }
}
