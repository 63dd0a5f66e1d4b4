/** Reprocesses the partition of a stage in memory. */
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from '#runtime/pipeline/consumer.ts'
import { computeCode } from '#runtime/pipeline/loading/code.ts'
import type { OffsetRange } from '#runtime/pipeline/model/log.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import type { ReplaceableStates } from '#runtime/pipeline/replacing/replaceable-states.ts'
import type { MemoryStates } from '#runtime/pipeline/replay.ts'
import { type Reprocessed, type Reprocessing, reprocess } from '#runtime/pipeline/reprocessing/reprocess.ts'
import { MemoryLogReader } from '#runtime/testing/memory-log-reader.ts'
import { MemoryReplaceableStates } from './memory-replaceable-states.ts'
import type { Stage } from './stage.ts'

interface Options {
  readonly startOffset?: number
  readonly codeVersion?: string
  readonly live?: ReplaceableStates
  readonly memory?: () => MemoryStates
  readonly state?: StateKey
  readonly dropsOlder?: boolean
  readonly isTrial?: boolean
  /** Number of the run. */
  readonly attempt?: number
  readonly decided?: (count: number) => void
  readonly expired?: (range: OffsetRange) => void
  readonly stop?: AbortSignal
  /** Maximum size of new failures, and of the rebuilt state, in bytes. */
  readonly failureBytes?: number
  readonly stateBytes?: number
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
    live = new MemoryReplaceableStates(stage.store),
    memory = () => new MemoryStateStore(stage.store),
    state = stage.stateKey(),
    dropsOlder = false,
    isTrial = false,
    attempt = 1,
    decided = () => {},
    expired = () => {},
    stop = new AbortController().signal,
    failureBytes,
    stateBytes,
    takeoverMs = 0,
  }: Options = {},
): Promise<Reprocessed> {
  const consumer = stage.consumer as Consumer<AnyKeyedProcess>
  const work: Reprocessing = {
    ...{ consumer, live, memory, attempt, stop, onRead: decided },
    log: new MemoryLogReader(log),
    code: computeCode(codeVersion, consumer),
    nowMs: () => takeoverMs,
    onExpired: (_, range) => expired(range),
    pause: async () => {},
    dropsOlder,
    ...(failureBytes === undefined ? {} : { failureBytes }),
    ...(stateBytes === undefined ? {} : { stateBytes }),
  }
  return reprocess(work, state, startOffset, isTrial)
}
