/** Components that show the answer to a query. Until the answer arrives, they show that it is loading, or the problem. */
import type { ComponentChildren, JSX } from 'preact'
import type { Answers } from '../../api/all-routes.ts'
import type { Parameters } from '../client/address.ts'
import {
  type QueryName,
  type QueryOptions,
  type QueryState,
  useAnswer,
  useLive,
} from '../client/api-queries.ts'

interface Props<T> {
  readonly of: QueryState<T>
  /** Name of the requested data in messages, such as "the dead letters". */
  readonly what: string
  readonly children: (answer: T) => ComponentChildren
}

/** Shows an answer. During an outage, the problem is shown above the last answer. */
export function AnswerView<T>({
  of: { answer, problem, isOlder, again },
  what,
  children,
}: Props<T>): JSX.Element {
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
          Loading {what} …
        </p>
      )}
    </>
  )
}

interface QueryProps<Name extends QueryName> extends QueryOptions, Omit<Props<Answers[Name]>, 'of'> {
  /** Name of the route. */
  readonly path: Name
  readonly query?: Parameters
}

/** Shows the answer to a query that is sent once. */
export function SingleAnswer<Name extends QueryName>(props: QueryProps<Name>): JSX.Element {
  return <AnswerView {...props} of={useAnswer(props.path, props.query, props)} />
}

/** Shows the answer to a watched query, with updates. */
export function LiveAnswer<Name extends QueryName>(props: QueryProps<Name>): JSX.Element {
  return <AnswerView {...props} of={useLive(props.path, props.query, props)} />
}

/** Message for an empty list or page. It should explain why the list is empty and what to do next. */
export function EmptyMessage({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>
}

/** Message about a state that may need attention. */
export function Warning({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <p class="caution" role="status">
      {children}
    </p>
  )
}
