/** Reprocesses the partition of a stage in memory. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { AnyKeyedProcess, Consumer } from '../../pipeline/consumer.ts'
import { computeCode } from '../../pipeline/loading/code.ts'
import type { OffsetRange } from '../../pipeline/model/log.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Rebuilds, ReplaceableStates } from '../../pipeline/replacing/replaceable-states.ts'
import { type Reprocessed, type Reprocessing, reprocess } from '../../pipeline/reprocessing/reprocess.ts'
import { MemoryLogReader } from '../../testing/memory-log-reader.ts'
import { MemoryReplaceableStates } from './memory-replaceable-states.ts'
import type { Stage } from './stage.ts'

interface Options {
  readonly startOffset?: number
  readonly codeVersion?: string
  readonly live?: ReplaceableStates
  readonly rebuilds?: Rebuilds
  readonly state?: StateKey
  readonly dropsOlder?: boolean
  readonly isTrial?: boolean
  readonly decided?: (count: number) => void
  readonly expired?: (range: OffsetRange) => void
  readonly stop?: AbortSignal
  /** Maximum size of new failures, in bytes. */
  readonly failureBytes?: number
  /** Time of the takeover, in milliseconds since the epoch. */
  readonly takeoverMs?: number
  readonly nowMs?: () => number
  readonly pause?: (ms: number) => Promise<void>
}

/** Reprocesses the partition. @param log records of the topic. More may be appended during the reprocessing. */
export async function reprocessed(
  stage: Stage,
  log: readonly LogRecord[],
  {
    startOffset = 0,
    codeVersion = 'v1',
    live = new MemoryReplaceableStates(stage.store),
    rebuilds = live.rebuilds,
    state = stage.stateKey(),
    dropsOlder = false,
    isTrial = false,
    decided = () => {},
    expired = () => {},
    stop = new AbortController().signal,
    failureBytes,
    takeoverMs = 0,
    nowMs = () => takeoverMs,
    pause = async () => {},
  }: Options = {},
): Promise<Reprocessed> {
  const consumer = stage.consumer as Consumer<AnyKeyedProcess>
  const work: Reprocessing = {
    ...{ consumer, live, rebuilds, stop, onRead: decided, nowMs, pause },
    log: new MemoryLogReader(log),
    onExpired: (_, range) => expired(range),
    ...(failureBytes === undefined ? {} : { failureBytes }),
  }
  const rebuild = {
    startOffset,
    from: 'start',
    code: computeCode(codeVersion, consumer),
    dropsOlder,
    begunMs: 0,
  }
  return reprocess(work, state, rebuild, isTrial)
}
