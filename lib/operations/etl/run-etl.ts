/** Loads new records of the history into the warehouse. */
import { listSlices, type PartitionSlices } from '../../history/read-history.ts'
import { HistoryFailure, type HistoryStore } from '../../history/store.ts'
import type { HistoryTable } from '../../history/tables.ts'
import { type WarehouseTarget, type Watermark, watermarkOfPartition } from '../../warehouse/target.ts'
import { type CountedStep, LOADED_TABLES, readSteps } from './history-steps.ts'

export interface EtlRun {
  readonly store: HistoryStore
  readonly target: WarehouseTarget
  /** Remaining time in milliseconds. No step begins when it is below `RESERVE_MS`. */
  readonly remainingMs: () => number
  readonly nowMs: () => number
  /** Called after each step. */
  readonly onStep?: (step: CountedStep) => void
}

export interface EtlResult {
  /** Location of the warehouse, without a password. */
  readonly location: string
  /** `partial` if the time was over before all records were loaded. */
  readonly outcome: 'completed' | 'partial' | 'failed'
  readonly durationMs: number
  readonly records: number
  /** Repeated events, and readings whose time is out of range. */
  readonly repeated: number
  readonly skipped: number
  /** Number of written rows, by mart. */
  readonly martRows: Readonly<Record<string, number>>
  /** Offsets that history lacks, both included. */
  readonly missing: readonly {
    readonly table: string
    readonly topic: string
    readonly partition: number
    readonly from: number
    readonly to: number
  }[]
  /** Message about an object that cannot be read; its partition waits for it. */
  readonly reason?: string
}

/** Time for completing a step, in milliseconds. */
const RESERVE_MS = 60_000

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Loads all records above the watermarks. Every step is committed separately, so a killed run continues where it was.
 *
 * @throws WarehouseFailure if the warehouse cannot be used
 * @throws HistoryUnavailable if the history cannot be listed
 */
export async function runEtl(run: EtlRun): Promise<EtlResult> {
  const { store, target, remainingMs, nowMs } = run
  const startedMs = nowMs()
  const result: Mutable<EtlResult> = {
    location: target.location,
    outcome: 'completed',
    durationMs: 0,
    records: 0,
    repeated: 0,
    skipped: 0,
    martRows: {},
    missing: [],
  }
  await target.open()
  for (const one of await listPartitions(store, await target.watermarks())) {
    if (remainingMs() < RESERVE_MS) result.outcome = 'partial'
    else await loadPartition(run, one, result)
  }
  if (result.reason !== undefined) result.outcome = 'failed'
  return { ...result, durationMs: nowMs() - startedMs }
}

interface LoadedPartition extends PartitionSlices {
  readonly table: HistoryTable
  readonly from: number | undefined
}

/** Returns the partitions to load. Those that are furthest behind come first, so that none waits in every run. */
async function listPartitions(store: HistoryStore, marks: readonly Watermark[]): Promise<LoadedPartition[]> {
  const found: (LoadedPartition & { readonly upToMs: number })[] = []
  for (const table of LOADED_TABLES)
    for (const one of await listSlices(store, { table })) {
      const mark = watermarkOfPartition(marks, { ...one, table })
      found.push({ ...one, table, from: mark?.nextOffset, upToMs: mark?.upToMs ?? 0 })
    }
  return found.sort((a, b) => a.upToMs - b.upToMs)
}

/** Loads one partition. If an object cannot be read, the partition waits for it, and others continue. */
async function loadPartition(
  run: EtlRun,
  partition: LoadedPartition,
  result: Mutable<EtlResult>,
): Promise<void> {
  const { store, target, remainingMs, onStep } = run
  const { table, topic, from } = partition
  try {
    for await (const step of readSteps(store, table, partition, from)) {
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

/** Opens a warehouse. Each target loads its library on demand. @param url value of `WAREHOUSE_URL` */
export async function openWarehouse(url: string): Promise<WarehouseTarget> {
  if (url.startsWith('sqlite:')) {
    const { SqliteTarget } = await import('../../warehouse/adapters/sqlite.ts')
    return new SqliteTarget(url.slice('sqlite:'.length))
  }
  const { PostgresTarget } = await import('../../warehouse/adapters/postgres.ts')
  return new PostgresTarget(url)
}
