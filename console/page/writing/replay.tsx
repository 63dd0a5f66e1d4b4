/** Replays recordings into the environment. */
import type { JSX, TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import type { RecordingShown } from '../../api/writing/recordings.ts'
import type { ReplayShown } from '../../api/writing/replays.ts'
import { useParameter } from '../data/address.ts'
import { act, useIsOperator, useLive } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { countText } from '../parts/words.ts'
import { paceText, progressText } from './data.ts'

const SPEEDS = [1, 10, 60, 600, 3_600] as const

export function ReplayForm({ recordings }: { readonly recordings: readonly RecordingShown[] }): JSX.Element {
  const replays = useLive('/writing/replays')
  const isRunning = replays.answer?.replays.some(({ state }) => state === 'running') ?? false
  return (
    <section aria-labelledby="writing-replay">
      <h2 id="writing-replay">Play a recording</h2>
      <Start recordings={recordings} isRunning={isRunning} onStarted={replays.again} />
      <Known of={replays} what="the replays">
        {list => <Replays replays={list.replays} />}
      </Known>
    </section>
  )
}

interface StartProps {
  readonly recordings: readonly RecordingShown[]
  readonly isRunning: boolean
  readonly onStarted: () => void
}

function Start({ recordings, isRunning, onStarted }: StartProps): JSX.Element {
  const isOperator = useIsOperator()
  const [name, setName] = useParameter('recording', recordings[0]?.name)
  const [problem, setProblem] = useState<string>()
  const chosen = recordings.find(recording => recording.name === name) ?? recordings[0]
  const start = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const speed = form.get('speed')
    try {
      await act('POST /writing/replays', {
        recording: chosen?.name,
        speed: speed === 'max' ? 'max' : Number(speed),
        shift: form.get('shift') !== null,
      })
      setProblem(undefined)
      onStarted()
    } catch (error) {
      setProblem(problemOf(error).message)
    }
  }
  return (
    <form onSubmit={start}>
      <div class="writing-fields">
        <label class="writing-field">
          <span>Recording</span>
          <select value={chosen?.name} onChange={event => setName(event.currentTarget.value)}>
            {recordings.map(recording => (
              <option key={recording.name} value={recording.name}>
                {recording.name}
              </option>
            ))}
          </select>
        </label>
        <label class="writing-field">
          <span>Pace</span>
          <select name="speed" defaultValue="600">
            {SPEEDS.map(speed => (
              <option key={speed} value={String(speed)} selected={speed === 600}>
                {paceText(speed)}
              </option>
            ))}
            <option value="max">{paceText(null)}</option>
          </select>
        </label>
        <label class="writing-shift">
          <input name="shift" type="checkbox" defaultChecked />
          As new events of now; otherwise they are duplicates to those who have seen them
        </label>
      </div>
      {chosen && <About recording={chosen} />}
      <button
        type="submit"
        disabled={!isOperator || isRunning || !chosen}
        title={isOperator ? undefined : 'This requires the operator role.'}
      >
        Play
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}

function About({ recording: { what, events, fires } }: { readonly recording: RecordingShown }): JSX.Element {
  const alerts = Object.entries(fires).map(([rule, count]) => `${rule} ${countText(count, 'time')}`)
  return (
    <p>
      {countText(events, 'event')}. {what}{' '}
      {alerts.length > 0
        ? `With an empty state, it fires ${alerts.join(', ')}.`
        : 'It does not fire any alerts.'}
    </p>
  )
}

function Replays({ replays }: { readonly replays: readonly ReplayShown[] }): JSX.Element {
  if (replays.length === 0) return <Empty>No recording has been played since the console was started.</Empty>
  return (
    <ul class="list">
      {replays.map(replay => (
        <li key={replay.id}>
          <Replay replay={replay} />
        </li>
      ))}
    </ul>
  )
}

function Replay({ replay }: { readonly replay: ReplayShown }): JSX.Element {
  const { id, recording, speed, startedAt, state, total, acknowledged, problem, by } = replay
  const isOperator = useIsOperator()
  const [refused, setRefused] = useState<string>()
  const stop = () =>
    act('POST /writing/replays/:id/stop', {}, { id }).catch(error => setRefused(problemOf(error).message))
  return (
    <article class="card">
      <p>
        <strong>{recording}</strong> {paceText(speed)}, by {by} at <Moment at={startedAt} />
        <span class={TONES[state]}>{state}</span>
      </p>
      {state === 'running' && (
        <progress
          value={total === null ? undefined : acknowledged}
          max={total ?? 1}
          aria-label={`Progress of ${recording}`}
        />
      )}
      <p class="row">
        {progressText(replay, Date.now())}
        {state === 'running' && (
          <button type="button" class="small secondary outline" disabled={!isOperator} onClick={stop}>
            Stop
          </button>
        )}
      </p>
      {(problem ?? refused) && (
        <p class="problem" role="alert">
          {problem ?? refused}
        </p>
      )}
    </article>
  )
}

const TONES = { running: '', done: 'good', stopped: 'warn', failed: 'bad' } as const
