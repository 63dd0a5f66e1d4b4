/**
 * Updates the document after navigation to another page: sets the title, and moves the focus to the heading for users of keyboards
 * and screen readers.
 */
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/**
 * Updates title, focus and scroll position after navigation.
 *
 * @param page key of the page. Only a change of the key counts as navigation.
 * @param title title of the page
 * @param content element that contains the page
 */
export function useArrival(page: string, title: string, content: RefObject<HTMLElement | null>): void {
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
