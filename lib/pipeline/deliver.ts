/** Step 4 of a sink: what is new goes to the outside, and each record of the wave gets its decision by the answer. */
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import type { Sink } from '../domain/sink.ts'
import type { Applied } from './apply.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decode.ts'
import { Judge, type Task } from './judge.ts'
import { type Answer, Outside, type OutsideHeld } from './outside.ts'
import type { Decision, Snapshot } from './ports.ts'
import { WorkingCopy } from './working-copy.ts'

export interface Sent extends Applied {
  /** Why the rest of the wave must wait, where it must. */
  readonly held?: OutsideHeld
}

/** What the invocation allows. */
interface Allowed {
  readonly remainingMs: () => number
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** Delivers the wave as far as it goes: what is decided can be committed even where the rest must wait. */
export async function deliver(
  consumer: Consumer<Sink>,
  snapshot: Snapshot,
  wave: readonly Decoded[],
  { remainingMs, nowMs, pause }: Allowed,
): Promise<Sent> {
  const hasTime = () => remainingMs() >= consumer.reserveMs
  const outside = new Outside(consumer.process, { hasTime, pause })
  await outside.offer(tasksOf(consumer, snapshot, wave), nowMs())
  const copy = new WorkingCopy(consumer, snapshot)
  const judge = new Judge(consumer, copy)
  for (const decoded of wave) {
    const clock = copy.clockAt(decoded.record)
    const judged = judge.judge(decoded, clock)
    const decision = 'outcome' in judged ? judged : await decide(judge, outside, judged, nowMs())
    if (!decision) break
    copy.decided(clock, decision)
  }
  const { held } = outside
  return { decisions: copy.decisions, change: copy.change, blind: [], ...(held ? { held } : {}) }
}

/** What of the wave is new, each event once: the same judgement as later, as if all were delivered. */
function tasksOf(consumer: Consumer<Sink>, snapshot: Snapshot, wave: readonly Decoded[]): Task[] {
  const copy = new WorkingCopy(consumer, snapshot)
  const judge = new Judge(consumer, copy)
  const tasks: Task[] = []
  for (const decoded of wave) {
    const clock = copy.clockAt(decoded.record)
    const judged = judge.judge(decoded, clock)
    if (!('outcome' in judged)) tasks.push(judged)
    copy.decided(clock, 'outcome' in judged ? judged : judge.processed(judged, 'delivered'))
  }
  return tasks
}

/** Undefined where there is no answer: the outside is away, or the time is up. */
async function decide(
  judge: Judge,
  outside: Outside,
  task: Task,
  nowMs: number,
): Promise<Decision | undefined> {
  // A repeat of one that was not taken has not been offered itself.
  if (!outside.answer(task)) await outside.offer([task], nowMs)
  const answer = outside.answer(task)
  if (!answer) return undefined
  return 'delivered' in answer ? judge.processed(task, answer.delivered) : judge.fail(task, faultOf(answer))
}

function faultOf(answer: Exclude<Answer, { delivered: string }>): Fault {
  if ('thrown' in answer) return bug(answer.thrown)
  return 'retry' in answer ? fault('not-accepted', answer.retry) : fault('rejected', answer.rejected)
}
