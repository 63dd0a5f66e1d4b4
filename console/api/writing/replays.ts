/** Running and ended replays of recordings. They are kept in memory only. */
import { randomUUID } from 'node:crypto'
import { noneYet, type PlayCounts } from '../../../lib/operations/replay/play.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { ProblemError, problemOf } from '../problem.ts'

export interface ReplayShown {
  readonly id: string
  readonly recording: string
  /** Speed relative to the recording; null for no delay. */
  readonly speed: number | null
  readonly by: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  /** Number of events in the recording; null until the events have been counted. */
  readonly total: number | null
  readonly acknowledged: number
  /** Number of events that consumers would reject because their time is too far in the future. */
  readonly ahead: number
  /** Error of a failed replay. */
  readonly problem: string | null
}

export interface StartedReplay {
  readonly recording: string
  readonly speed: number
  readonly by: string
}

interface Replay {
  readonly id: string
  readonly started: StartedReplay
  readonly startedAt: string
  readonly counts: PlayCounts
  readonly stop: AbortController
  state: ReplayShown['state']
  endedAt: string | null
  problem: string | null
}

/** Called with unexpected errors. */
type ReportError = (error: unknown) => void
type Play = (counts: PlayCounts, stop: AbortSignal) => Promise<void>
type OnEnd = (ended: ReplayShown) => Promise<void>
/** Runs work in the background. See `ConsoleEnvironment.inBackground`. */
type InBackground = (work: (closing: AbortSignal) => Promise<void>) => void

/** Number of ended replays that the list shows. */
const MAX_REMEMBERED = 20

export class Replays {
  readonly #nowMs: () => number
  readonly #inBackground: InBackground
  readonly #replays: Replay[] = []

  constructor(nowMs: () => number, inBackground: InBackground) {
    this.#nowMs = nowMs
    this.#inBackground = inBackground
  }

  /** Returns all replays, newest first. */
  all(): readonly ReplayShown[] {
    return this.#replays.map(shown)
  }

  /**
   * Starts a replay in the background.
   *
   * @param play runs the replay; must reject after its signal is aborted
   * @param onEnd called when the replay has ended, successfully or not
   * @param told called with unexpected errors, because no caller waits for the replay
   * @throws ProblemError if another replay is running
   */
  start(started: StartedReplay, play: Play, onEnd: OnEnd, told: ReportError): ReplayShown {
    const running = this.#replays.find(({ state }) => state === 'running')
    if (running)
      throw new ProblemError(
        'conflict',
        `The recording ${running.started.recording} is being replayed. Stop the replay or wait for its end.`,
      )
    const replay: Replay = {
      id: randomUUID(),
      started,
      startedAt: instant(this.#nowMs()),
      counts: noneYet(),
      stop: new AbortController(),
      state: 'running',
      endedAt: null,
      problem: null,
    }
    this.#replays.unshift(replay)
    this.#replays.splice(MAX_REMEMBERED)
    this.#inBackground(closing =>
      this.#run(replay, AbortSignal.any([replay.stop.signal, closing]), play, onEnd, told),
    )
    return shown(replay)
  }

  /** Stops a replay. Has no effect if the replay has ended. @throws ProblemError for an unknown replay */
  stop(id: string): ReplayShown {
    const replay = this.#replays.find(one => one.id === id)
    if (!replay)
      throw new ProblemError('not-found', 'The replay was not found. Only the latest replays are kept.')
    replay.stop.abort()
    return shown(replay)
  }

  async #run(replay: Replay, stop: AbortSignal, play: Play, onEnd: OnEnd, told: ReportError): Promise<void> {
    const messageOf = (error: unknown) => {
      const { code, message } = problemOf(error)
      if (code === 'fault') told(error)
      return message
    }
    let [state, problem]: [Replay['state'], string | null] = ['done', null]
    try {
      await play(replay.counts, stop)
    } catch (error) {
      state = stop.aborted ? 'stopped' : 'failed'
      if (state === 'failed') problem = messageOf(error)
    }
    replay.endedAt = instant(this.#nowMs())
    try {
      await onEnd({ ...shown(replay), state, problem })
    } catch (error) {
      problem = [problem, `The audit event could not be written: ${messageOf(error)}`]
        .filter(Boolean)
        .join(' ')
    }
    replay.problem = problem
    replay.state = state
  }
}

function shown(replay: Replay): ReplayShown {
  const { id, started, startedAt, endedAt, state, counts, problem } = replay
  const { total = null, acknowledged, ahead } = counts
  return {
    id,
    recording: started.recording,
    speed: Number.isFinite(started.speed) ? started.speed : null,
    by: started.by,
    startedAt,
    endedAt,
    state,
    total,
    acknowledged,
    ahead,
    problem,
  }
}
