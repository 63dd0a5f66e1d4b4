import { commitChange } from './commit.ts'
import { type Consumer, isSegmentSink, isSink } from './consumer.ts'
import { applyRecords, decideBy } from './deciding/decide.ts'
import { decodeRecords } from './decoding/decode-chunk.ts'
import { deliverRecords } from './delivering/deliver.ts'
import type { PartitionRun } from './invocation.ts'
import { loadState } from './loading/load.ts'
import { type Chunk, type ChunkResult, type End, isEnd } from './model/chunk.ts'
import { publishOutbox, trimPublished } from './publish.ts'
import { archiveSegment, findSegment } from './segments.ts'

/** Returns the steps of a chunk. They differ in what decides its records: a process, or the answers of a receiver. */
function createSteps(decide: Parameters<typeof decideBy>[0]): ChunkSteps {
  return chainSteps(decodeRecords, loadState, decideBy(decide), commitChange, publishOutbox, trimPublished)
}

const PROCESS = createSteps(applyRecords)
const SINK = createSteps(deliverRecords)
const SEGMENT = createSteps(archiveSegment)

/** Steps of a segment sink. The log determines which records are decided together. The receiver accepts all of them or none. */
const SEGMENT_SINK: ChunkSteps = async (run, chunk) => {
  const segment = await findSegment(run, chunk)
  return isEnd(segment) ? segment : SEGMENT(run, segment)
}

export function chooseSteps(consumer: Consumer): ChunkSteps {
  if (isSegmentSink(consumer)) return SEGMENT_SINK
  return isSink(consumer) ? SINK : PROCESS
}

/** A step that has nothing to wait for returns its result without a promise. */
type Step<In, Out> = (run: PartitionRun, input: In) => Promise<Out | End> | Out | End
export type ChunkSteps = (run: PartitionRun, chunk: Chunk) => Promise<ChunkResult | End>

function chainSteps<A, B, C, D, E, F>(
  ...steps: [Step<Chunk, A>, Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>, Step<E, F>]
): (run: PartitionRun, chunk: Chunk) => Promise<F | End>
function chainSteps(...steps: Step<never, unknown>[]): (run: PartitionRun, chunk: Chunk) => Promise<unknown> {
  return async (run, chunk) => {
    let result: object = chunk
    for (const step of steps) {
      const answer = step(run, result as never)
      result = (answer instanceof Promise ? await answer : answer) as object
      if (isEnd(result)) return result
    }
    return result
  }
}
