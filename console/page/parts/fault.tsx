/** Error boundary, so that an error on one page does not affect the rest of the console. */
import { Component, type ComponentChildren, type JSX } from 'preact'
import { problemOf } from '../data/ask.ts'

interface Props {
  /** Key of the current page. When it changes, the error is cleared. */
  readonly page: string
  readonly children: ComponentChildren
}

interface State {
  readonly page?: string
  readonly error?: unknown
}

export class Guarded extends Component<Props, State> {
  static override getDerivedStateFromProps({ page }: Props, state: State): State | null {
    return page === state.page ? null : { page, error: undefined }
  }

  static override getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override componentDidCatch(error: unknown): void {
    console.error(error)
  }

  override render({ children }: Props, { error }: State): JSX.Element {
    if (error === undefined) return <>{children}</>
    return (
      <div class="problem" role="alert">
        <p>{problemOf(error).message}</p>
        <button type="button" class="secondary outline" onClick={() => this.setState({ error: undefined })}>
          Try again
        </button>
      </div>
    )
  }
}
