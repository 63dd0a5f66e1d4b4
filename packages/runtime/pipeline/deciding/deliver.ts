/** Step 4 of a sink: offers new events to the receiver, whose answers decide the records of the chunk. */
import { type Failure, failure, unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { Sink } from '../../consumer/sink.ts'
import type { Consumer } from '../consumer.ts'
import type { Decoded } from '../decoding/decode.ts'
import type { Decision, Snapshot } from '../model.ts'
import { admit, fail, processed, type Task } from './admission.ts'
import type { Applied } from './apply.ts'
import { type Answer, Receiver } from './receiver.ts'
import type { TriesAllowed } from './tries.ts'
import { type Work, WorkingCopy } from './working-copy.ts'

/** Limits of the invocation, and the observer of failed tries. */
export interface Allowed extends Pick<TriesAllowed, 'pause' | 'tried'> {
  readonly remainingMs: () => number
  readonly nowMs: () => number
  /** True until the invocation has decided a record of the partition. */
  isFirst: boolean
}

/** Delivers as much of the chunk as possible. The decided part can be committed even if the remaining records must wait. */
export async function deliver(
  consumer: Consumer<Sink>,
  snapshot: Snapshot,
  chunk: readonly Decoded[],
  { remainingMs, nowMs, ...allowed }: Allowed,
): Promise<Applied> {
  const leftMs = () => remainingMs() - consumer.reserveMs
  const receiver = new Receiver(consumer.process, { ...allowed, leftMs })
  await receiver.offer(newTasks(consumer, snapshot, chunk), nowMs())
  const copy = new WorkingCopy(consumer, snapshot)
  const work = { consumer, copy }
  for (const decoded of chunk) {
    const clock = copy.clockAt(decoded.record)
    const admitted = admit(work, decoded, clock)
    const decision =
      admitted.kind === 'decided' ? admitted.decision : await decide(work, receiver, admitted.task, nowMs())
    if (!decision) break
    copy.decided(decoded.record, clock, decision)
  }
  const deferred = copy.decisions.length < chunk.length ? receiver.deferred : undefined
  return {
    decisions: copy.decisions,
    change: copy.change,
    clockGap: [],
    ...(deferred ? { deferred: { reason: deferred } } : {}),
  }
}

/** Returns the new events of the chunk, each once. They are admitted under the assumption that every delivery succeeds. */
export function newTasks(consumer: Consumer, snapshot: Snapshot, chunk: readonly Decoded[]): Task[] {
  const tasks: Task[] = []
  decideAll(consumer, snapshot, chunk, (work, task) => {
    tasks.push(task)
    return processed(work, task, 'delivered')
  })
  return tasks
}

/** Decides all records; `decide` handles those that are admitted. */
export function decideAll(
  consumer: Consumer,
  snapshot: Snapshot,
  chunk: readonly Decoded[],
  decide: (work: Work, task: Task) => Decision,
): Applied {
  const copy = new WorkingCopy(consumer, snapshot)
  const work = { consumer, copy }
  for (const decoded of chunk) {
    const clock = copy.clockAt(decoded.record)
    const admitted = admit(work, decoded, clock)
    const decision = admitted.kind === 'task' ? decide(work, admitted.task) : admitted.decision
    copy.decided(decoded.record, clock, decision)
  }
  return { decisions: copy.decisions, change: copy.change, clockGap: [] }
}

/** Returns the decision; undefined if the receiver cannot be reached or the time is up. */
async function decide(
  work: Work,
  receiver: Receiver,
  task: Task,
  nowMs: number,
): Promise<Decision | undefined> {
  // If the receiver rejected an event, its repeat in the same chunk counts as new and has not been offered yet.
  if (!receiver.answer(task)) await receiver.offer([task], nowMs)
  const answer = receiver.answer(task)
  if (!answer) return undefined
  return answer.kind === 'delivered'
    ? processed(work, task, answer.reason)
    : fail(work, task, failureOf(answer))
}

function failureOf(answer: Exclude<Answer, { kind: 'delivered' }>): Failure {
  if (answer.kind === 'thrown') return unexpectedFailure(answer.error)
  return failure(answer.kind === 'retry' ? 'not-accepted' : 'rejected', answer.why)
}
