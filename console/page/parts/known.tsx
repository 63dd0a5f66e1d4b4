/** Shows an answer, or its state instead: on its way, or the reason of its absence. */
import type { ComponentChildren, JSX } from 'preact'
import type { Answers } from '../../api/api.ts'
import { type Answer, type Asking, type Question, useAnswer, useLive } from '../data/answers.ts'
import type { Parameters } from '../data/search.ts'

interface Props<T> {
  readonly of: Answer<T>
  /** Object of the question, as in "the dead letters". */
  readonly what: string
  readonly children: (answer: T) => ComponentChildren
}

/** While a server is away, the last answer stays, with the problem above it. */
export function Known<T>({ of: { answer, problem, isOlder, again }, what, children }: Props<T>): JSX.Element {
  return (
    <>
      {problem && (
        <div class="problem" role="alert">
          <p>{problem.message}</p>
          <button type="button" class="secondary outline" onClick={again}>
            Ask again
          </button>
        </div>
      )}
      {answer !== undefined && (
        <div class={isOlder ? 'older' : undefined} aria-busy={isOlder ? 'true' : undefined}>
          {children(answer)}
        </div>
      )}
      {answer === undefined && !problem && (
        <p class="loading" aria-busy="true">
          Asking for {what} …
        </p>
      )}
    </>
  )
}

interface QuestionProps<Name extends Question> extends Asking {
  /** Name of the route. */
  readonly path: Name
  readonly query?: Parameters
  readonly what: string
  readonly children: (answer: Answers[Name], again: () => void) => ComponentChildren
}

/** Shows an answer that is asked for once. */
export function Once<Name extends Question>(props: QuestionProps<Name>): JSX.Element {
  const { path, query, keep = false, what, children } = props
  const answer = useAnswer(path, query, { keep })
  return (
    <Known of={answer} what={what}>
      {known => children(known, answer.again)}
    </Known>
  )
}

/** Shows an answer, and each newer one. */
export function Live<Name extends Question>(props: QuestionProps<Name>): JSX.Element {
  const { path, query, keep = false, what, children } = props
  const answer = useLive(path, query, { keep })
  return (
    <Known of={answer} what={what}>
      {known => children(known, answer.again)}
    </Known>
  )
}

/** Where there is nothing to show: what that means, and what to do. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>
}
