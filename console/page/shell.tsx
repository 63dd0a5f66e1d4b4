/** Layout of all pages: environment name, navigation, and a link that skips to the content. */
import { Component, type ComponentChildren, type JSX, type RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { AREAS, findPage } from './areas.tsx'
import { useEnvironment } from './client/api-queries.ts'
import { toProblem } from './client/api-request.ts'
import { formatTimeZone } from './components/value-texts.ts'

interface Props {
  /** Key of the current page. When it changes, the error is cleared. */
  readonly page: string
  readonly children: ComponentChildren
}

interface State {
  readonly page?: string
  readonly error?: unknown
}

/** Error boundary, so that an error on one page does not affect the rest of the console. */
class ErrorBoundary extends Component<Props, State> {
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
        <p>{toProblem(error).message}</p>
        <button type="button" class="secondary outline" onClick={() => this.setState({ error: undefined })}>
          Try again
        </button>
      </div>
    )
  }
}

export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const { env } = useEnvironment()
  const { path, query } = useLocation()
  const content = useRef<HTMLElement>(null)
  const current = AREAS.findLast(area => isBelow(path, area.path))
  const page = findPage(path, query)
  const title = [page.name, current?.title ?? 'Not found', `Sluice ${env}`].filter(Boolean).join(' · ')
  useArrival(page.key, title, content)
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Header path={path} title={current?.title ?? 'Menu'} />
      <main id="content" ref={content} tabIndex={-1}>
        <ErrorBoundary page={page.key}>{children}</ErrorBoundary>
      </main>
      <footer class="foot">Time zone: {formatTimeZone(Date.now())}</footer>
    </>
  )
}

interface TopProps {
  readonly path: string
  /** Title of the current area, shown on the menu button on narrow screens. */
  readonly title: string
}

function Header({ path, title }: TopProps): JSX.Element {
  const { env, person, isLocal } = useEnvironment()
  const [isOpen, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => setOpen(false), [path])
  // Use a layout effect, so that keys are handled even if the user presses them before the open menu is painted.
  useLayoutEffect(() => {
    if (!isOpen) return
    const closeByKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    addEventListener('keydown', closeByKey)
    return () => removeEventListener('keydown', closeByKey)
  }, [isOpen])
  return (
    <header class="top">
      <p class="brand">
        <strong>Sluice</strong> <span class="env">{env}</span>
      </p>
      <button
        ref={button}
        type="button"
        class="menu secondary outline"
        aria-expanded={isOpen}
        aria-controls="areas"
        onClick={() => setOpen(!isOpen)}
      >
        {title}
      </button>
      <nav id="areas" aria-label="Areas" class={isOpen ? 'open' : undefined}>
        <ul>
          {AREAS.map(area => (
            <li key={area.path}>
              <a href={area.path} aria-current={isBelow(path, area.path) ? 'page' : undefined}>
                {area.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="person">
        {person.name}, {person.role}
      </p>
      {!isLocal && (
        <form method="post" action="/sign-out">
          <button type="submit" class="secondary outline">
            Sign out
          </button>
        </form>
      )}
    </header>
  )
}

function isBelow(path: string, start: string): boolean {
  return start === '/' ? path === '/' : path === start || path.startsWith(`${start}/`)
}

/**
 * Updates title, focus and scroll position after navigation.
 *
 * @param page key of the page. Only a change of the key counts as navigation.
 * @param title title of the page
 * @param content element that contains the page
 */
function useArrival(page: string, title: string, content: RefObject<HTMLElement | null>): void {
  const isFirst = useRef(true)
  const returnedTo = useReturn()
  useEffect(() => {
    document.title = title
    // Do not move the focus on the first page, because the browser starts at its top.
    if (!isFirst.current) {
      focusOn(content.current?.querySelector('h1') ?? content.current)
      // If the back button was used, the browser restores the scroll position.
      if (returnedTo.current !== location.href) scrollTo(0, 0)
    }
    isFirst.current = false
    returnedTo.current = undefined
  }, [page, title])
}

/** Returns a reference to the URL that was reached with the browser's back or forward button, if any. */
function useReturn(): { current: string | undefined } {
  const returnedTo = useRef<string | undefined>(undefined)
  useEffect(() => {
    const noteReturn = () => {
      returnedTo.current = location.href
    }
    addEventListener('popstate', noteReturn)
    return () => removeEventListener('popstate', noteReturn)
  }, [])
  return returnedTo
}

function focusOn(element: HTMLElement | null): void {
  if (!element) return
  element.tabIndex = -1
  element.focus({ preventScroll: true })
}
