/** Shows an answer, or what there is instead: that it is on its way, or why there is none. */
import type { ComponentChildren, JSX } from 'preact'
import type { Answer } from '../data/answers.ts'

interface Props<T> {
  readonly of: Answer<T>
  /** What is being asked for, as in "the dead letters". */
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

/** Where there is nothing to show: what that means, and what to do. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>
}
