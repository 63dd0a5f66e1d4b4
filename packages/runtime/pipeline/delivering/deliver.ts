/** Decides a chunk with a sink: offers new events to the receiver. The answers of the receiver decide the records of the chunk. */
import { type Failure, rejection, unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { Sink } from '../../consumer/sink.ts'
import { type Consumer, getContext } from '../consumer.ts'
import { admit } from '../deciding/admission.ts'
import type { ApplyResult } from '../deciding/apply.ts'
import { completeTask, fail, type Task } from '../deciding/task.ts'
import { toChange, type Work, WorkingCopy } from '../deciding/working-copy.ts'
import type { Decoded } from '../decoding/decode.ts'
import type { PartitionRun } from '../invocation.ts'
import type { LoadedPart } from '../loading/load.ts'
import { CurrentContext } from '../model/context.ts'
import type { Decision } from '../model/decision.ts'
import { advance } from '../model/log.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { Receiver, type ReceiverAnswer } from './receiver.ts'

/** Delivers as much of the chunk as possible. The delivered part can be committed even if the remaining records must wait. */
export async function deliverRecords(run: PartitionRun, part: LoadedPart): Promise<ApplyResult> {
  const consumer = run.consumer as Consumer<Sink>
  const { isFirst, reportTry } = run
  const { remainingMs, nowMs, pause } = run.invocation
  const { snapshot, loaded: chunk } = part
  const leftMs = () => remainingMs() - consumer.reserveMs
  const { value: memory } = new CurrentContext(getContext(consumer), snapshot)
  const receiver = new Receiver(consumer.process, { pause, reportTry, isFirst, leftMs }, memory)
  await receiver.offer(await collectNewTasks(consumer, snapshot, chunk), nowMs())
  const delivered = await decideEach(consumer, snapshot, chunk, (work, task) =>
    decide(work, receiver, task, nowMs()),
  )
  const deferred = delivered.decisions.length < chunk.length ? receiver.deferred : undefined
  return { ...delivered, ...(deferred ? { deferred } : {}) }
}

/** Returns the new events of the chunk, without repeats. Admission assumes that every delivery succeeds. */
export async function collectNewTasks(
  consumer: Consumer,
  snapshot: Snapshot,
  chunk: readonly Decoded[],
): Promise<readonly Task[]> {
  const tasks: Task[] = []
  await decideEach(consumer, snapshot, chunk, (work, task) => {
    tasks.push(task)
    return completeTask(work, task, 'delivered')
  })
  return tasks
}

/** Decides the records in order. The callback `decide` is called for each admitted record, until it returns no decision. */
export async function decideEach(
  consumer: Consumer,
  snapshot: Snapshot,
  chunk: readonly Decoded[],
  decide: (work: Work, task: Task) => Decision | undefined | Promise<Decision | undefined>,
): Promise<ApplyResult> {
  const copy = new WorkingCopy(consumer, snapshot)
  const work = { consumer, copy }
  for (const decoded of chunk) {
    const clock = advance(copy.progress.clock, decoded.record.timestampMs)
    const admitted = admit(work, decoded, clock)
    const decision = admitted.kind === 'task' ? await decide(work, admitted.task) : admitted.decision
    if (!decision) break
    copy.applyDecision(decoded.record, clock, decision)
  }
  return { decisions: copy.decisions, change: toChange(consumer, copy), clockGap: [] }
}

/** Returns the decision about a record; undefined if the receiver cannot be reached or the invocation has too little time left. */
async function decide(
  work: Work,
  receiver: Receiver,
  task: Task,
  nowMs: number,
): Promise<Decision | undefined> {
  // If the receiver has rejected an event, a repeat of the event in the same chunk counts as new and must still be offered.
  if (!receiver.getAnswer(task)) await receiver.offer([task], nowMs)
  const answer = receiver.getAnswer(task)
  if (!answer) return undefined
  const { context } = work.copy
  const before = context.value
  const memory = receiver.remember(before, task)
  if (memory !== before) context.replaceBy(memory)
  return answer.kind === 'delivered'
    ? completeTask(work, task, answer.reason)
    : fail(work, task, toFailure(answer, receiver.getReceiversLeft(task)))
}

/** @param left receivers that had not accepted the event before this answer */
function toFailure(
  answer: Exclude<ReceiverAnswer, { kind: 'delivered' }>,
  left: readonly string[] | undefined,
): Failure {
  const failed: Failure =
    answer.kind === 'thrown'
      ? unexpectedFailure(answer.error)
      : { ...rejection(answer), code: answer.kind === 'retry' ? 'not-accepted' : 'rejected' }
  const receivers = (answer.kind === 'thrown' ? undefined : answer.receivers) ?? left
  return receivers ? { ...failed, receivers } : failed
}
