/**
 * Runs operations on dead letters that are started in one process, and observed, stopped or resumed in others. The console uses
 * them. Redis stores the list of operations. Each handled dead letter is also recorded in the dlq topic, so this information is not
 * lost together with the list.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connections, Value } from '../../../packages/runtime/lambda/connections.ts'
import { leaveAudit } from '../audit.ts'
import { Afterwards } from './afterwards.ts'
import { isExpected } from './errors.ts'
import { done, type Outcome, Run, surveyed } from './handle.ts'
import {
  type KeptOperation,
  type KeptOperations,
  OperationRefused,
  type OperationState,
  operationIn,
  withAftermath,
  withBegun,
  withEnd,
  withProgress,
  withStop,
  withWorker,
} from './kept.ts'
import { newOperation, operationOf } from './operation.ts'
import type { HandlingRequest } from './request.ts'
import { endOf, RunProgress } from './run-progress.ts'
import { requestTexts, type Surroundings, workFor } from './work.ts'

/** Interval, in milliseconds, at which a worker stores its progress and checks whether a stop was requested. */
const BEAT_MS = 1_000

interface Setup extends Surroundings {
  /** Connection to Redis for reading and changing the list. */
  readonly shared: Pick<Connections, 'value'>
  /** Opens separate connections for a run. They are closed when the run ends, which can be later than all other connections. */
  readonly connect: () => Connections
}

/** Name of a person, as shown in the audit log. */
type Person = string

/** Claim of one worker to run an operation. */
interface Claim {
  readonly name: string
  readonly kept: KeptOperation
}

interface Beating extends Pick<Claim, 'name'> {
  readonly connections: Connections
  readonly id: string
  readonly progress: RunProgress
  /** Controller for stopping the run. */
  readonly stop: AbortController
}

export class DeadLetterOperations {
  readonly #setup: Setup

  constructor(setup: Setup) {
    this.#setup = setup
  }

  /**
   * Returns the list of operations, newest first.
   *
   * @throws Unavailable if Redis does not answer
   */
  async list(): Promise<KeptOperations> {
    return (await (await this.#kept()).read()) ?? []
  }

  /**
   * Adds an operation to the list. It is started by `claim` and `run`.
   *
   * @throws Unavailable if Redis does not answer
   */
  async begin(request: HandlingRequest, by: Person): Promise<KeptOperation> {
    const { id } = newOperation(Date.now())
    return this.#change(id, (all, nowMs) => withBegun(all, { id, request, by }, nowMs))
  }

  /**
   * Requests that an operation stops after the current batch. Any process can run the operation.
   *
   * @throws OperationRefused if the operation is not running
   */
  async stop(id: string): Promise<KeptOperation> {
    return this.#change(id, (all, nowMs) => withStop(all, id, nowMs))
  }

  /**
   * Previews an operation without changing anything.
   *
   * @param stop ends the preview early. The result then covers only a part.
   * @param onRefused called with the reason if a dead letter cannot be patched as requested
   * @throws Unavailable if Kafka or Redis does not answer
   */
  async survey(
    request: HandlingRequest,
    by: Person,
    stop: AbortSignal,
    onRefused?: (why: string) => void,
  ): Promise<Outcome> {
    return this.#connected(async connections => {
      const work = await workFor(connections, this.#setup, {
        request,
        operation: newOperation(Date.now()),
        by,
        stop,
        ...(onRefused && { onRefused }),
      })
      return surveyed(work)
    })
  }

  /**
   * Claims an operation in order to run it.
   *
   * @param only required state; by default, any state except finished
   * @throws OperationRefused if another process runs the operation, or it is in another state
   * @throws Unavailable if Redis does not answer
   */
  async claim(id: string, only?: OperationState): Promise<Claim> {
    const name = randomUUID()
    return { name, kept: await this.#change(id, (all, nowMs) => withWorker(all, { id, name, only }, nowMs)) }
  }

  /**
   * Runs or resumes an operation until it is finished, stopped or paused. After a finished redrive, also waits for the outcomes of
   * the records. The run is audited at its end or, if that fails, at the start of the next run. It can be audited twice if Redis is
   * unavailable at that moment.
   *
   * @param pause ends the run after the current batch, or ends the wait. A later run can continue.
   * @throws OperationRefused if another process takes over the operation
   * @throws Unavailable if Redis does not answer at the end of the run
   */
  async run({ name, kept }: Claim, by: Person, pause: AbortSignal): Promise<KeptOperation> {
    const { id } = kept
    return this.#connected(async connections => {
      const [stop, over] = [new AbortController(), new AbortController()]
      const progress = new RunProgress(kept, by)
      const beats = this.#beat({ connections, id, name, progress, stop }, over.signal)
      const signal = AbortSignal.any([pause, stop.signal])
      const { error, after } = await this.#carryOut(connections, kept, by, signal, progress)
      over.abort()
      await beats
      const end = { ...progress.standing(), ...endOf({ error, stop, pause, progress }) }
      const ended = await this.#change(id, (all, nowMs) => withEnd(all, id, name, end, nowMs), connections)
      if (error !== undefined && !isExpected(error)) throw error
      const { tally } = progress.run ?? {}
      if (ended.state !== 'finished' || ended.taken === 0 || !after || !tally) return ended
      const aftermath = await after.aftermath(tally, pause)
      return this.#change(id, all => withAftermath(all, id, aftermath, tally.taken), connections)
    })
  }

  /**
   * Carries out a run, and writes the missing audit events.
   *
   * @returns the error that ended the run early, if any; after a redrive, also the object that waits for the outcomes
   */
  async #carryOut(
    connections: Connections,
    { id, request }: KeptOperation,
    by: Person,
    stop: AbortSignal,
    progress: RunProgress,
  ): Promise<{ readonly error?: unknown; readonly after?: Afterwards | undefined }> {
    const about = {
      ...{ action: `dlq ${request.command}` as const, operation: id },
      filter: requestTexts(request),
    }
    const audit = () =>
      progress.audit(async one =>
        leaveAudit(await connections.publisher(), this.#setup.config, { ...about, ...one }),
      )
    try {
      await audit()
      const asked = { request, operation: operationOf(id), by, stop }
      const work = await workFor(connections, this.#setup, asked)
      const { readers } = this.#setup
      const after = request.command === 'redrive' ? await Afterwards.from({ work, readers }) : undefined
      const run = new Run()
      progress.run = run
      const outcome = await done(work, run, { perSecond: request.perSecond })
      await audit()
      return { error: outcome.error, after }
    } catch (error) {
      return { error }
    }
  }

  /**
   * Regularly stores the progress of a run. Stops the run if a stop was requested, or if another process has taken over the
   * operation.
   */
  async #beat({ connections, id, name, progress, stop }: Beating, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await sleep(BEAT_MS, undefined, { signal: over }).catch(() => {})
      if (over.aborted) return
      try {
        const said = (all: KeptOperations | undefined, nowMs: number) =>
          withProgress(all, id, name, progress.standing(), nowMs)
        const { isToStop } = await this.#change(id, said, connections)
        if (isToStop) stop.abort()
      } catch (error) {
        // The run continues without Redis, because its work is recorded in the dlq topic. The end of the run needs Redis, and then
        // reports the outage.
        if (error instanceof OperationRefused) stop.abort()
      }
    }
  }

  async #change(
    id: string,
    change: (all: KeptOperations | undefined, nowMs: number) => KeptOperations,
    connections: Pick<Connections, 'value'> = this.#setup.shared,
  ): Promise<KeptOperation> {
    const value = await this.#kept(connections)
    return operationIn(await value.update(all => change(all, Date.now())), id)
  }

  #kept(connections: Pick<Connections, 'value'> = this.#setup.shared): Promise<Value<KeptOperations>> {
    return connections.value(`dead-letter-operations:${this.#setup.config.env}`)
  }

  async #connected<T>(use: (connections: Connections) => Promise<T>): Promise<T> {
    const connections = this.#setup.connect()
    try {
      return await use(connections)
    } finally {
      await connections.close()
    }
  }
}
