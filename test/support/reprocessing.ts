/** Reprocesses the partition of a stage in memory. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from '../../packages/runtime/pipeline/consumer.ts'
import type { Generations } from '../../packages/runtime/pipeline/generations/generations.ts'
import { codeOf } from '../../packages/runtime/pipeline/loading/code.ts'
import type { OffsetRange, StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { CheckpointPages } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import {
  begin,
  type Reprocessed,
  type Reprocessing,
  reprocess,
} from '../../packages/runtime/pipeline/reprocessing/reprocess.ts'
import { emptyAt } from '../../packages/runtime/pipeline/reprocessing/seed.ts'
import { MemoryLogReader } from '../../packages/runtime/testing/log-reader.ts'
import { MemoryGenerations } from './memory-generations.ts'
import type { Stage } from './stage.ts'

interface Options {
  readonly startOffset?: number
  readonly codeVersion?: string
  readonly copies?: Generations
  readonly state?: StateKey
  /** Pages of the initial state; by default, the state is empty. */
  readonly pages?: CheckpointPages
  readonly isTrial?: boolean
  /** True to continue from the existing copies instead of starting again. */
  readonly isResumed?: boolean
  readonly decided?: (count: number) => void
  readonly expired?: (range: OffsetRange) => void
  readonly stop?: AbortSignal
  /** Maximum size of new failures in bytes. */
  readonly failureBytes?: number
  /** Time of the takeover, in milliseconds since the epoch. */
  readonly takeoverMs?: number
}

/** Reprocesses the partition. @param log records of the topic. More may be appended during the reprocessing. */
export async function reprocessed(
  stage: Stage,
  log: readonly LogRecord[],
  {
    startOffset = 0,
    codeVersion = 'v1',
    copies = new MemoryGenerations(stage.store),
    state = stage.stateKey(),
    pages = emptyAt(copies, state, startOffset),
    isTrial = false,
    isResumed = false,
    decided = () => {},
    expired = () => {},
    stop = new AbortController().signal,
    failureBytes,
    takeoverMs = 0,
  }: Options = {},
): Promise<Reprocessed> {
  const consumer = stage.consumer as Consumer<AnyKeyedProcess>
  const work: Reprocessing = {
    consumer,
    copies,
    log: new MemoryLogReader(log),
    codeVersion,
    code: codeOf(codeVersion, consumer),
    nowMs: () => takeoverMs,
    stop,
    decided,
    expired: (_, range) => expired(range),
    pause: async () => {},
    ...(failureBytes === undefined ? {} : { failureBytes }),
  }
  if (!isResumed) await begin(copies, state, pages)
  return reprocess(work, state, startOffset, isTrial)
}
