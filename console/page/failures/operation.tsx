/** Progress and actions of one operation. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { OperationAnswer } from '../../api/failures/operation-answer.ts'
import type { Problem } from '../../api/problem.ts'
import { addressOf } from '../data/address.ts'
import { act, useEnvironment, useIsOperator, useLive } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'
import { Known } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { durationText, numberText } from '../parts/words.ts'
import { LeftOutList } from './plan.tsx'
import { goOnFromHere } from './steps.ts'
import { meantText, toneOf, WORDS } from './words.ts'

export function OneOperation({ id }: { readonly id: string }): JSX.Element {
  const answer = useLive('/failures/operation', { id })
  return (
    <>
      <p>
        <a href="/failures/operations">All operations</a>
      </p>
      <Known of={answer} what="the operation">
        {operation => <Operation operation={operation} again={answer.again} />}
      </Known>
    </>
  )
}

interface Props {
  readonly operation: OperationAnswer
  readonly again: () => void
}

function Operation({ operation, again }: Props): JSX.Element {
  const { command, state, taken, leftOut, part, problem, begunAtMs, updatedAtMs, by, id } = operation
  const { does, done } = WORDS[command]
  const percent = part === null ? undefined : Math.floor(part * 100)
  return (
    <article class="failures-operation">
      <h2>
        {does}: <span class={toneOf(operation)}>{state}</span>
      </h2>
      {/* Screen readers announce only changes of the state, because the counts change twice a second. */}
      <p class="unseen" role="status">
        The {command} is {state}.
      </p>
      <progress value={percent} max={100} aria-label={`Progress of the ${command}`} />
      <p>
        <strong>{numberText(taken)}</strong> {done}
        {percent !== undefined && <>, {percent} %</>}, in {durationText(updatedAtMs - begunAtMs)}
      </p>
      {problem && <p class="problem">{problem}</p>}
      {state === 'interrupted' && (
        <p class="warn">Interrupted: its process has ended, or its page was closed. It can be resumed.</p>
      )}
      <FailedAgain operation={operation} />
      <LeftOutList leftOut={leftOut} />
      <dl class="facts">
        <dt>Which</dt>
        <dd>{meantText(operation)}</dd>
        <dt>Begun</dt>
        <dd>
          <Moment at={begunAtMs} /> by {by}
        </dd>
        <dt>Operation</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </dl>
      <Controls operation={operation} again={again} />
    </article>
  )
}

function FailedAgain({ operation: { taken, failedAgain } }: Pick<Props, 'operation'>): JSX.Element | null {
  if (!failedAgain) return null
  const { count, isDecided, letters } = failedAgain
  const unnamed = count - letters.length
  return (
    <>
      <p class={count > 0 ? 'problem' : undefined} role="status">
        {numberText(taken)} redriven, {numberText(count)} failed again{isDecided ? '' : ' so far'}.
      </p>
      {!isDecided && (
        <p>
          The outcome of some records is not known yet. Records that fail again return to{' '}
          <a href="/failures">the dead letters</a>.
        </p>
      )}
      {letters.length > 0 && (
        <ul aria-label="New dead letters">
          {letters.map(at => (
            <li key={at}>
              <a href={addressOf('/failures', { letter: at.replace('@', ':') })}>{at}</a>
            </li>
          ))}
        </ul>
      )}
      {unnamed > 0 && (
        <p>
          {numberText(unnamed)} that failed again are retried first, or are among{' '}
          <a href="/failures">the dead letters</a>.
        </p>
      )}
    </>
  )
}

function Controls({ operation: { id, state, resume }, again }: Props): JSX.Element | null {
  const isOperator = useIsOperator()
  const { streams } = useEnvironment()
  const [problem, setProblem] = useState<Problem>()
  if (resume === null) return <p>What was done stands in the audit, with who did it.</p>
  const ask = async (what: 'stop' | 'resume') => {
    setProblem(undefined)
    try {
      await act(`POST /failures/operation/${what}`, { id })
      if (what === 'resume' && !streams) goOnFromHere(id)
      again()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <>
      <div class="bar">
        {state === 'running' ? (
          <button type="button" class="secondary" disabled={!isOperator} onClick={() => void ask('stop')}>
            Stop
          </button>
        ) : (
          <button type="button" disabled={!isOperator} onClick={() => void ask('resume')}>
            Resume
          </button>
        )}
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      {state !== 'running' && (
        <details>
          <summary>With the command line</summary>
          <pre>{resume}</pre>
        </details>
      )}
    </>
  )
}
